// SPDX-License-Identifier: LGPL-2.1-or-later
// Something that happens once, and that coroutines wait for.
#pragma once

#include <chrono>

#include <asio/awaitable.hpp>
#include <asio/steady_timer.hpp>

namespace virtsev::daemon {

/// One thread's: the event loop's.
class Latch {
 public:
  explicit Latch(const asio::any_io_executor& executor) : timer_(executor) {}
  Latch(const Latch&) = delete;
  Latch& operator=(const Latch&) = delete;

  void fire() {
    fired_ = true;
    timer_.cancel();
  }
  [[nodiscard]] bool fired() const { return fired_; }
  /// Returns when it has fired. Any number may wait; the latch must outlive them.
  asio::awaitable<void> wait();
  /// The same with a bound; false where time ran out first. One waiter at a time may use this form.
  asio::awaitable<bool> wait_for(std::chrono::milliseconds limit);

 private:
  asio::steady_timer timer_;
  bool fired_ = false;
};

}  // namespace virtsev::daemon
