// SPDX-License-Identifier: LGPL-2.1-or-later
// A call on a loop's thread, asked for by any thread (eventfd(2)).
#pragma once

#include <functional>

#include "driver/vmm/loop/event_loop.hpp"

namespace virtsev::vmm {

/// Made and destroyed by any thread; the loop outlives it.
class Wakeup {
 public:
  /// `callback`: on the loop's thread, once for all signals that came since it was last called.
  Wakeup(EventLoop& loop, std::function<void()> callback);

  /// Any thread; waits for nothing.
  void signal() const;

 private:
  UniqueFd event_;
  std::function<void()> callback_;
  EventLoop::Source source_;
};

}  // namespace virtsev::vmm
