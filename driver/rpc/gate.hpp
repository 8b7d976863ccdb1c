// SPDX-License-Identifier: LGPL-2.1-or-later
// What a coroutine waits at until something may have changed: while (!condition) co_await gate.wait();
#pragma once

#include <asio/awaitable.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

namespace virtsev::rpc {

class Gate {
 public:
  // The expiry is set once: setting it again would wake, and so chase, every other waiter.
  explicit Gate(const asio::any_io_executor& executor)
      : timer_(executor, asio::steady_timer::time_point::max()) {}

  asio::awaitable<void> wait() {
    asio::error_code ignored;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }

  /// Wakes all that wait now.
  void notify() { timer_.cancel(); }

 private:
  asio::steady_timer timer_;
};

}  // namespace virtsev::rpc
