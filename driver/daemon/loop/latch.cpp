// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/loop/latch.hpp"

#include <utility>

#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

namespace virtsev::daemon {

void Latch::fire() {
  fired_ = true;
  timer_.cancel();
  for (const std::weak_ptr<Latch>& follower : std::exchange(followers_, {})) {
    if (const auto latch = follower.lock()) {
      latch->fire();
    }
  }
}

void Latch::also_fire(const std::shared_ptr<Latch>& other) {
  if (fired_) {
    other->fire();
  } else {
    followers_.emplace_back(other);
  }
}

asio::awaitable<void> Latch::wait() {
  while (!fired_) {
    // Not expires_at(): that would cancel the others who wait.
    if (timer_.expiry() != asio::steady_timer::time_point::max()) {
      timer_.expires_at(asio::steady_timer::time_point::max());
    }
    std::error_code cancelled;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }
}

asio::awaitable<bool> Latch::wait_for(std::chrono::milliseconds limit) {
  if (!fired_) {
    timer_.expires_after(limit);
    std::error_code cancelled;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }
  co_return fired_;
}

}  // namespace virtsev::daemon
