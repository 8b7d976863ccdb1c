// SPDX-License-Identifier: LGPL-2.1-or-later
// Something that happens once, and that coroutines wait for.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include <asio/awaitable.hpp>
#include <asio/steady_timer.hpp>

namespace virtsev::daemon {

/// One thread's: the event loop's.
class Latch {
 public:
  explicit Latch(const asio::any_io_executor& executor) : timer_(executor) {}
  Latch(const Latch&) = delete;
  Latch& operator=(const Latch&) = delete;

  void fire();
  /// Fires another one with this one; at once where this one has fired already.
  void also_fire(const std::shared_ptr<Latch>& other);
  [[nodiscard]] bool fired() const { return fired_; }
  /// Returns when it has fired. Any number may wait; the latch must outlive them.
  asio::awaitable<void> wait();
  /// The same with a bound; false where time ran out first. One waiter at a time may use this form.
  asio::awaitable<bool> wait_for(std::chrono::milliseconds limit);

 private:
  asio::steady_timer timer_;
  bool fired_ = false;
  std::vector<std::weak_ptr<Latch>> followers_;
};

}  // namespace virtsev::daemon
