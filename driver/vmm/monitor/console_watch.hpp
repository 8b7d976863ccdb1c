// SPDX-License-Identifier: LGPL-2.1-or-later
// When the I/O thread looks after the pty: as the console asks, and not for ever where its other end is gone.
#pragma once

#include <cstdint>
#include <mutex>

#include "driver/vmm/devices/console.hpp"
#include "driver/vmm/monitor/event_loop.hpp"

namespace virtsev::vmm {

/// A pty's master whose other end nobody has, or was hung up (vhangup(2)), is reported at each epoll_wait(2),
/// whatever is asked for. It is watched for changes alone then (edge-triggered), until one comes.
class ConsoleWatch {
 public:
  /// `master`: borrowed; the owner of this has it in the loop with first_events(), and passes on_events()
  /// what comes.
  ConsoleWatch(EventLoop& loop, int master) : loop_(loop), master_(master) {}

  static std::uint32_t first_events();
  /// Console::Watch: any thread.
  void set_interest(Console::Interest interest);
  /// The I/O thread.
  void on_events(std::uint32_t events, Console& console);

 private:
  void apply() const;

  EventLoop& loop_;
  int master_;
  std::mutex mutex_;
  Console::Interest interest_;
  bool hung_up_ = false;
};

}  // namespace virtsev::vmm
