// SPDX-License-Identifier: LGPL-2.1-or-later
// --timeout: nobody connected and no guest running for so long, and the daemon goes; a client's next call
// brings it back.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include <asio/steady_timer.hpp>

namespace virtsev::daemon {

class IdleExit {
 public:
  /// `is_idle`: no client and no active domain. `quit` is called once.
  IdleExit(const asio::any_io_executor& executor, std::chrono::seconds limit, std::function<bool()> is_idle,
           std::function<void()> quit)
      : timer_(executor), limit_(limit), is_idle_(std::move(is_idle)), quit_(std::move(quit)) {}

  /// To be called whenever clients or domains come or go; begins or stops the count.
  void look() {
    if (!is_idle_()) {
      counting_ = false;
      timer_.cancel();
    } else if (!counting_) {
      counting_ = true;
      timer_.expires_after(limit_);
      timer_.async_wait([this](const std::error_code& error) {
        if (error || !counting_) {
          return;
        }
        counting_ = false;
        if (is_idle_()) {
          quit_();
        }
      });
    }
  }

 private:
  asio::steady_timer timer_;
  std::chrono::seconds limit_;
  std::function<bool()> is_idle_;
  std::function<void()> quit_;
  bool counting_ = false;
};

}  // namespace virtsev::daemon
