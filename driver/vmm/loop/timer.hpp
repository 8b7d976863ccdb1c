// SPDX-License-Identifier: LGPL-2.1-or-later
// A timer that goes off once, each time that it is set (timerfd_create(2), CLOCK_MONOTONIC).
#pragma once

#include <chrono>
#include <functional>

#include "driver/vmm/loop/event_loop.hpp"

namespace virtsev::vmm {

/// Made and destroyed by any thread.
class Timer {
 public:
  /// `on_expiry`: called on the loop's thread. The loop outlives this.
  Timer(EventLoop& loop, std::function<void()> on_expiry);

  /// From now on; 0: off. The loop's thread: after it, nothing that was set before goes off.
  void set(std::chrono::nanoseconds delay);

 private:
  void on_readable();

  UniqueFd timer_;
  std::function<void()> on_expiry_;
  EventLoop::Source source_;
};

}  // namespace virtsev::vmm
