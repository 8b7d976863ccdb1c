// SPDX-License-Identifier: LGPL-2.1-or-later
// Joins the guest's serial port, the pty that `virsh console` reads, and the log.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>

#include "driver/vmm/devices/console_log.hpp"
#include "driver/vmm/devices/serial_port.hpp"

namespace virtsev::vmm {

/// The guest never waits for a reader: output that the pty has no room for is kept up to kBacklog bytes, the
/// newest; older bytes are dropped, and stand in the log alone.
class Console {
 public:
  static constexpr std::size_t kBacklog = 64U << 10;

  /// For which events the I/O thread should watch the pty's master (level-triggered). Called from any thread,
  /// only on change, with a lock of Console held: use epoll_ctl, call nothing back.
  struct Interest {
    bool readable = true;
    bool writable = false;
    friend bool operator==(const Interest&, const Interest&) = default;
  };
  using Watch = std::function<void(Interest)>;

  /// `master`: the pty's master, borrowed, or -1; it is made non-blocking. At first the interest is {true,
  /// false}; `watch` is not called for that.
  Console(int master, std::optional<ConsoleLog> log, Watch watch);

  /// The port that gets the input; called once, before the first event. Its Output is write(), its RoomAgain
  /// room_again().
  void connect(SerialPort& port);

  /// Output of the guest.
  void write(ByteView output);
  /// The serial port has room again.
  void room_again();

  /// What the I/O thread calls when the master is readable or writable.
  void on_readable();
  void on_writable();

  /// True once the guest has sent a byte.
  [[nodiscard]] bool has_spoken() const { return has_spoken_; }

 private:
  void flush();
  void keep(ByteView output);
  void set_interest(Interest interest);

  std::mutex mutex_;
  int master_;
  std::optional<ConsoleLog> log_;
  Watch watch_;
  SerialPort* port_ = nullptr;
  Interest interest_;
  Bytes backlog_;  // a ring of kBacklog bytes, allocated when first needed
  std::size_t backlog_start_ = 0;
  std::size_t backlog_length_ = 0;
  std::atomic<bool> has_spoken_{false};
};

}  // namespace virtsev::vmm
