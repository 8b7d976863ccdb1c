// SPDX-License-Identifier: LGPL-2.1-or-later
// A thread that runs a loop of its own, for devices that should not wait for each other.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "driver/vmm/loop/event_loop.hpp"

namespace virtsev::vmm {

/// Made before the monitor gives up making threads (sandbox/system_calls.hpp). What watches its loop goes
/// before it does.
class IoThread {
 public:
  /// `name`: at most 15 bytes. `sandbox` is what the thread calls first; what that throws, this throws.
  explicit IoThread(std::string name, std::function<void()> sandbox = {});
  /// Ends the loop, and waits for the callback that runs.
  ~IoThread();
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  EventLoop& loop() { return loop_; }

 private:
  EventLoop loop_;
  UniqueFd end_;
  EventLoop::Source on_end_;
  std::thread thread_;
};

}  // namespace virtsev::vmm
