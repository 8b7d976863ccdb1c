// SPDX-License-Identifier: LGPL-2.1-or-later
// When a loop looks after a port's descriptor.
#pragma once

#include <cstdint>
#include <functional>

#include "driver/vmm/loop/event_loop.hpp"

namespace virtsev::vmm {

/// A descriptor that was hung up, or has an error, is reported at each epoll_wait(2), whatever is asked for:
/// it is watched no more then. The loop's thread.
class PortWatch {
 public:
  using Callback = std::function<void(std::uint32_t events)>;

  /// `callback`: EPOLLIN and EPOLLOUT, as wanted; or EPOLLERR alone, the last that comes.
  void open(EventLoop& loop, int fd, Callback callback);
  void close();
  void want(std::uint32_t event, bool wanted);

 private:
  void on_events(std::uint32_t events);

  std::uint32_t wanted_ = 0;
  Callback callback_;
  EventLoop::Source source_;
};

}  // namespace virtsev::vmm
