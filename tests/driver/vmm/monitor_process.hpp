// SPDX-License-Identifier: LGPL-2.1-or-later
// A virtsev-vmm for tests, and this process in virtsevd's place: socket, descriptors, pty, log.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "driver/control/channel.hpp"
#include "driver/control/codec.hpp"

namespace virtsev::vmm::test {

/// A directory that vanishes with its content.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

UniqueFd open_file(const std::string& path, int flags);

class MonitorProcess {
 public:
  using Milliseconds = std::chrono::milliseconds;

  /// Starts the program ($VIRTSEV_VMM), with its control socket in `directory`, and says Hello.
  explicit MonitorProcess(const TemporaryDirectory& directory);
  /// Kills it if it still runs.
  ~MonitorProcess();
  MonitorProcess(const MonitorProcess&) = delete;
  MonitorProcess& operator=(const MonitorProcess&) = delete;

  /// A Start with every descriptor but kernel and initrd filled in: /dev/kvm, the simulated platform's files,
  /// pty, log, end file.
  control::Start prepare_start();

  /// Sends and waits for the reply; console and events that come meanwhile are kept, and each turn with the
  /// simulated firmware is granted at once. Throws
  /// std::runtime_error when the monitor is gone.
  control::Reply call(const control::Request& request);
  /// From now on, this peer is a virtsevd of the protocol's next version: its Hello says so, and each of its
  /// messages has fields at the end that this version does not know.
  void speak_next_version() { next_version_ = true; }
  /// With the next reconnect(): one of an earlier version.
  void speak_version(std::uint32_t version) { version_ = version; }
  /// The next event but for Progress; nothing when the time is up, or the monitor closed the connection
  /// without one.
  std::optional<control::Event> wait_for_event(Milliseconds limit);
  /// True once the console has shown `text`.
  bool wait_for_console(const std::string& text, Milliseconds limit);
  void type(const std::string& input) const;
  /// From now on, nobody reads the console.
  void leave_console() { reads_console_ = false; }

  /// What it has said of how far the launch is, up to the last answer or event.
  [[nodiscard]] const std::vector<control::Progress>& progress() const { return progress_; }
  /// How often the monitor has asked for the simulated firmware.
  [[nodiscard]] std::uint32_t turns() const { return turns_; }
  [[nodiscard]] const std::string& console() const { return console_; }
  /// Shows the console on standard output, too.
  void echo_console() { echo_ = true; }
  /// A second connection in place of the first, as a restarted virtsevd makes it; says Hello.
  void reconnect();
  void disconnect() { socket_.reset(); }
  /// The exit status, as waitpid gives it.
  int wait_for_exit();
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  /// Waits until something came on socket or console; false: neither within the limit.
  bool pump(Milliseconds limit);
  void read_socket();
  void send_whole(control::OutgoingFrame frame);
  /// Whether the frame is about a turn with the firmware.
  bool serve_firmware(const control::Frame& frame);
  void read_console();

  const TemporaryDirectory& directory_;
  pid_t pid_ = -1;
  UniqueFd socket_;
  control::FrameReader reader_;
  control::FrameWriter writer_;
  std::uint32_t serial_ = 0;
  std::uint32_t turns_ = 0;
  std::deque<control::Frame> replies_;
  std::deque<control::Event> events_;
  std::vector<control::Progress> progress_;
  std::deque<UniqueFd> opened_;
  UniqueFd terminal_;
  std::string console_;
  bool echo_ = false;
  bool reads_console_ = true;
  bool next_version_ = false;
  std::uint32_t version_ = control::kProtocolVersion;
};

}  // namespace virtsev::vmm::test
