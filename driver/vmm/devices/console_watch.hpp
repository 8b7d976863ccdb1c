// SPDX-License-Identifier: LGPL-2.1-or-later
// When a loop looks after the pty: as the console asks, and not for ever where its other end is gone.
#pragma once

#include <cstdint>
#include <mutex>

#include "driver/vmm/devices/console.hpp"
#include "driver/vmm/loop/event_loop.hpp"

namespace virtsev::vmm {

/// A pty's master whose other end nobody has, or was hung up (vhangup(2)), is reported at each epoll_wait(2),
/// whatever is asked for. It is watched for changes alone then (edge-triggered), until one comes.
class ConsoleWatch {
 public:
  /// `master`: borrowed, as are the others; -1: there is nothing to watch.
  ConsoleWatch(EventLoop& loop, int master, Console& console);

  /// Console::Watch: any thread.
  void set_interest(Console::Interest interest);

 private:
  void apply() const;
  void on_events(std::uint32_t events);

  Console& console_;
  std::mutex mutex_;
  Console::Interest interest_;
  bool hung_up_ = false;
  EventLoop::Source source_;
};

}  // namespace virtsev::vmm
