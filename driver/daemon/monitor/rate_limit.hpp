// SPDX-License-Identifier: LGPL-2.1-or-later
// How often a peer may do what nobody asked it for.
#pragma once

#include <algorithm>
#include <chrono>

namespace virtsev::daemon {

/// `burst` at once, and from then on as many as `refill` has time for.
class RateLimit {
 public:
  using Clock = std::chrono::steady_clock;
  RateLimit(unsigned burst, std::chrono::milliseconds refill)
      : burst_(burst), left_(burst), refill_(refill), since_(Clock::now()) {}

  /// Once more; false where that is too often.
  [[nodiscard]] bool take(Clock::time_point now = Clock::now()) {
    const auto earned = (now - since_) / refill_;
    if (earned > 0) {
      left_ = static_cast<unsigned>(std::min<decltype(earned)>(burst_, left_ + earned));
      since_ += earned * refill_;
    }
    if (left_ == 0) {
      return false;
    }
    --left_;
    return true;
  }

 private:
  unsigned burst_, left_;
  Clock::duration refill_;
  Clock::time_point since_;
};

}  // namespace virtsev::daemon
