// SPDX-License-Identifier: LGPL-2.1-or-later
// A timer that goes off once (timerfd_create(2), CLOCK_MONOTONIC).
#pragma once

#include <cstdint>

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::vmm {

class OneShotTimer {
 public:
  OneShotTimer();
  /// 0: off.
  void set(std::uint32_t seconds);
  /// Readable when it has gone off.
  [[nodiscard]] int descriptor() const { return timer_.get(); }
  /// Makes the descriptor unreadable again.
  void acknowledge();

 private:
  UniqueFd timer_;
};

}  // namespace virtsev::vmm
