// SPDX-License-Identifier: LGPL-2.1-or-later
// How many dumps there are, and that there are to be none any more.
#pragma once

#include <chrono>
#include <cstddef>

#include <asio/awaitable.hpp>

#include "driver/daemon/loop/latch.hpp"

namespace virtsev::daemon {

class DumpsUnderWay {
 public:
  explicit DumpsUnderWay(const asio::any_io_executor& executor) : over_(executor) {}

  void begin() { ++count_; }
  void end() {
    if (--count_ == 0 && stopping_) {
      over_.fire();
    }
  }
  /// Each dump looks at it between two steps, and ends.
  [[nodiscard]] bool stopping() const { return stopping_; }
  /// Returns when the last of them has ended, or `limit` is over. To be called once.
  asio::awaitable<void> stop(std::chrono::milliseconds limit) {
    stopping_ = true;
    if (count_ > 0) {
      co_await over_.wait_for(limit);
    }
  }

 private:
  Latch over_;
  std::size_t count_ = 0;
  bool stopping_ = false;
};

}  // namespace virtsev::daemon
