// SPDX-License-Identifier: LGPL-2.1-or-later
// The I/O thread's loop (epoll(7)). Nothing in it polls or sleeps.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::vmm {

class EventLoop {
 public:
  /// EPOLLIN, EPOLLOUT and so on, as they came.
  using Callback = std::function<void(std::uint32_t events)>;

  EventLoop();

  /// Level-triggered. The descriptor is borrowed, and removed before it is closed.
  void add(int fd, std::uint32_t events, Callback callback);
  void remove(int fd);
  /// Any thread. Nothing to do for a descriptor that is not there.
  void change(int fd, std::uint32_t events) const;

  /// Until stop().
  void run();
  /// Waits for one event, and calls for it.
  void run_once();
  void stop() { running_ = false; }
  [[nodiscard]] bool running() const { return running_; }

 private:
  UniqueFd epoll_;
  std::map<int, std::shared_ptr<Callback>> callbacks_;
  bool running_ = false;
};

}  // namespace virtsev::vmm
