// SPDX-License-Identifier: LGPL-2.1-or-later
// The daemon's end of a control connection: requests with their answers, events, and what to do with a peer
// that keeps to no protocol.
#pragma once

#include <chrono>
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
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon {

class Latch;

/// One thread's: the event loop's. The monitor may be hostile: nothing it sends is more than a failed
/// connection.
class MonitorChannel : public std::enable_shared_from_this<MonitorChannel> {
 public:
  using EventSink = std::function<void(const control::Event&)>;
  /// Called once, when nothing more can come: the peer has closed, broke the rules, or left a request without
  /// answer for too long. `faulty`: the monitor is at fault, and must not go on. Whoever waits for an answer
  /// goes on waiting until close().
  using BrokenSink = std::function<void(const std::string& why, bool faulty)>;

  MonitorChannel(const asio::any_io_executor& executor, UniqueFd socket);
  ~MonitorChannel();
  /// Starts listening. Both sinks may be called from within any later turn of the loop.
  void open(EventSink on_event, BrokenSink on_broken);

  /// Throws the Error of a Failure reply, Error(kOperationTimeout) after `limit` (the channel is then
  /// broken), Error(kInternal) where the channel breaks first.
  asio::awaitable<control::Reply> request(control::Request request, std::chrono::milliseconds limit);

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
  void break_off(const std::string& why, bool faulty);

  asio::any_io_executor executor_;
  asio::posix::stream_descriptor socket_;
  control::FrameReader reader_;
  control::FrameWriter writer_;
  bool writing_ = false;
  bool open_ = true;     // Something may still come
  bool closed_ = false;  // close() was called
  std::uint32_t next_serial_ = 1;
  std::map<std::uint32_t, std::shared_ptr<Waiting>> waiting_;
  EventSink on_event_;
  BrokenSink on_broken_;
};

}  // namespace virtsev::daemon
