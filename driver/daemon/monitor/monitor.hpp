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
  struct Sinks {
    std::function<void(const control::Event&)> event;  ///< But for Ended
    std::function<void(const MonitorEnd&)> end;        ///< Once, when the process is gone
    std::function<void(bool late)> lateness;           ///< As the channel's
  };
  /// `end_file`: path of the file that the monitor writes its end to where nobody is connected.
  Monitor(const asio::any_io_executor& executor, Process process, UniqueFd socket, std::string end_file);

  /// Begins to listen and to watch.
  void watch(Sinks sinks);
  /// Says Hello. Throws as request() does.
  asio::awaitable<void> greet(std::chrono::milliseconds limit);
  /// Of the control protocol, which both sides speak; 0 before greet().
  [[nodiscard]] std::uint32_t version() const { return version_; }
  asio::awaitable<control::Reply> request(control::Request request, std::chrono::milliseconds limit);
  void kill() { kill_process(process_); }
  void grant_firmware(std::uint64_t number, std::chrono::milliseconds limit) override;
  void catch_up() override { channel_->drain(); }
  void end_for(const std::string& why) override;
  /// The process is gone; Sinks::end is called, or about to be.
  [[nodiscard]] bool over() const { return over_; }
  /// Fires after Sinks::end was called.
  Latch& ended() { return ended_; }
  /// How long its oldest unanswered request is open; 0: it owes no answer.
  [[nodiscard]] std::chrono::milliseconds owes_for() const;
  /// An answer was given up, and has not come yet.
  [[nodiscard]] bool late() const { return channel_->late(); }
  [[nodiscard]] bool connected() const { return channel_->is_open(); }
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
  bool dying_ = false;  // grace_ runs
  Sinks sinks_;
};

/// What an end file holds; nothing where the monitor wrote none.
std::optional<control::Ended> read_end_file(const std::string& path);

}  // namespace virtsev::daemon
