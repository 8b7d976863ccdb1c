// SPDX-License-Identifier: LGPL-2.1-or-later
// One virtsev-vmm as the daemon sees it: its process, the connection to it, and how it ended.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>

#include "driver/daemon/loop/latch.hpp"
#include "driver/daemon/monitor/channel.hpp"
#include "driver/daemon/monitor/process.hpp"
#include "driver/daemon/platform/firmware_turns.hpp"

namespace virtsev::daemon {

/// How a monitor ended.
struct MonitorEnd {
  std::optional<control::Ended>
      said;         ///< What it said itself: by event, or in its end file; none: it crashed
  std::string how;  ///< For logs and messages
};

/// Held by the domain's Run; a monitor goes on when this object goes.
class Monitor final : public TurnTaker, public std::enable_shared_from_this<Monitor> {
 public:
  using EndSink = std::function<void(const MonitorEnd&)>;
  /// `end_file`: path of the file that the monitor writes its end to where nobody is connected.
  Monitor(const asio::any_io_executor& executor, Process process, UniqueFd socket, std::string end_file);

  /// Begins to listen and to watch. on_end is called once, when the process is gone.
  void watch(MonitorChannel::EventSink on_event, EndSink on_end);
  /// Says Hello. Throws as request() does.
  asio::awaitable<void> greet(std::chrono::milliseconds limit);
  /// Of the control protocol, which both sides speak; 0 before greet().
  [[nodiscard]] std::uint32_t version() const { return version_; }
  asio::awaitable<control::Reply> request(control::Request request, std::chrono::milliseconds limit);
  void kill() { kill_process(process_); }
  void grant_firmware(std::uint64_t number, std::chrono::milliseconds limit) override;
  void catch_up() override { channel_->drain(); }
  void end_for(const std::string& why) override;
  /// The process is gone; on_end is called, or about to be.
  [[nodiscard]] bool over() const { return over_; }
  /// Fires after on_end was called.
  Latch& ended() { return ended_; }
  [[nodiscard]] const Process& process() const { return process_; }

 private:
  void take_event(const control::Event& event);
  void connection_over(const std::string& why, bool faulty);
  void process_over();
  void kill_after(std::chrono::seconds grace);

  Process process_;
  asio::posix::stream_descriptor exit_;
  std::shared_ptr<MonitorChannel> channel_;
  asio::steady_timer grace_;
  Latch ended_;
  std::string end_file_;
  std::optional<control::Ended> said_;
  std::string fault_;
  std::uint32_t version_ = 0;
  bool over_ = false;
  MonitorChannel::EventSink on_event_;
  EndSink on_end_;
};

/// What an end file holds; nothing where the monitor wrote none.
std::optional<control::Ended> read_end_file(const std::string& path);

}  // namespace virtsev::daemon
