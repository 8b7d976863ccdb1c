// SPDX-License-Identifier: LGPL-2.1-or-later
// The I/O thread's loop.
#include "driver/vmm/monitor/event_loop.hpp"

#include <cerrno>
#include <system_error>

#include <sys/epoll.h>

namespace virtsev::vmm {

EventLoop::EventLoop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) {
    throw std::system_error(errno, std::generic_category(), "epoll_create1");
  }
}

void EventLoop::add(int fd, std::uint32_t events, Callback callback) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }
  callbacks_[fd] = std::make_shared<Callback>(std::move(callback));
}

void EventLoop::remove(int fd) {
  (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  callbacks_.erase(fd);
}

void EventLoop::change(int fd, std::uint32_t events) const {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void EventLoop::run() {
  running_ = true;
  while (running_) {
    run_once();
  }
}

void EventLoop::run_once() {
  // One at a time: a callback may remove another's descriptor.
  epoll_event event{};
  const int count = ::epoll_wait(epoll_.get(), &event, 1, -1);
  if (count < 0 && errno != EINTR) {
    throw std::system_error(errno, std::generic_category(), "epoll_wait");
  }
  if (count < 1) {
    return;
  }
  const auto found = callbacks_.find(event.data.fd);
  if (found != callbacks_.end()) {
    const std::shared_ptr<Callback> callback = found->second;  // may remove itself
    (*callback)(event.events);
  }
}

}  // namespace virtsev::vmm
