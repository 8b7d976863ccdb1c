// SPDX-License-Identifier: LGPL-2.1-or-later
// The daemon's end of a control connection: requests with their answers, events, and what to do with a peer
// that keeps to no protocol.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include "driver/control/channel.hpp"
#include "driver/control/messages.hpp"
#include "driver/daemon/monitor/rate_limit.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon {

class Latch;

/// One thread's: the event loop's. The monitor may be hostile: nothing it sends is more than a failed
/// connection. It may also be slow, or stand still for a while: that is no fault.
class MonitorChannel : public std::enable_shared_from_this<MonitorChannel> {
 public:
  using Clock = std::chrono::steady_clock;
  struct Sinks {
    std::function<void(const control::Event&)> event;
    /// Called once, when nothing more can come: the peer has closed, or broke the rules. `faulty`: the
    /// monitor is at fault, and must not go on. Whoever waits for an answer goes on waiting until close().
    std::function<void(const std::string& why, bool faulty)> broken;
    /// true: the first answer was given up; false: all that were given up have come after all.
    std::function<void(bool late)> lateness;
  };
  /// Unanswered requests, those that were given up among them; who has another one waits.
  static constexpr std::size_t kMostUnanswered = 16;

  MonitorChannel(const asio::any_io_executor& executor, UniqueFd socket);
  ~MonitorChannel();
  /// Starts listening. All sinks may be called from within any later turn of the loop.
  void open(Sinks sinks);

  /// Throws the Error of a Failure reply; Error(kOperationTimeout) after `limit`: the answer is then dropped
  /// when it comes; Error(kInternal) where the channel breaks first.
  asio::awaitable<control::Reply> request(control::Request request, std::chrono::milliseconds limit);

  /// When the oldest request was sent that has no answer; nothing: none is open.
  [[nodiscard]] std::optional<Clock::time_point> owes_since() const;
  /// An answer was given up, and has not come yet.
  [[nodiscard]] bool late() const { return late_ > 0; }
  /// Something may still come.
  [[nodiscard]] bool is_open() const { return open_; }

  /// Takes what has already arrived; for the moment when the monitor has ended.
  void drain();
  /// Breaks it off: whoever waits gets an Error with this text.
  void close(const std::string& why);

 private:
  struct Waiting;

  void wait_readable();
  void wait_writable();
  bool read_once();
  void take(const control::Frame& frame);
  void take_event(const control::Frame& frame);
  void take_reply(const control::Frame& frame);
  asio::awaitable<void> wait_for_room(Clock::time_point due);
  std::shared_ptr<Waiting> send(const control::Request& request);
  void break_off(const std::string& why, bool faulty);

  asio::any_io_executor executor_;
  asio::posix::stream_descriptor socket_;
  control::FrameReader reader_;
  control::FrameWriter writer_;
  RateLimit events_;
  bool writing_ = false;
  bool open_ = true;
  bool closed_ = false;  // close() was called
  std::uint32_t next_serial_ = 1;
  std::map<std::uint32_t, std::shared_ptr<Waiting>> waiting_;  // Unanswered, given up or not
  std::size_t late_ = 0;                                       // How many of them were given up
  std::deque<std::shared_ptr<Latch>> queue_;                   // Who waits for room among them
  Sinks sinks_;
};

}  // namespace virtsev::daemon
