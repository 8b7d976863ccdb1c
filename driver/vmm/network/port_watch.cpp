// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/network/port_watch.hpp"

#include <utility>

#include <sys/epoll.h>

namespace virtsev::vmm {

void PortWatch::open(EventLoop& loop, int fd, Callback callback) {
  close();
  callback_ = std::move(callback);
  wanted_ = EPOLLIN;
  source_ = loop.watch(fd, wanted_, [this](std::uint32_t events) { on_events(events); });
}

void PortWatch::close() {
  source_ = {};
  wanted_ = 0;
}

void PortWatch::want(std::uint32_t event, bool wanted) {
  const std::uint32_t now = wanted ? wanted_ | event : wanted_ & ~event;
  if (now != wanted_) {
    wanted_ = now;
    source_.change(wanted_);
  }
}

void PortWatch::on_events(std::uint32_t events) {
  // What came before the end can still be read; the read finds the end.
  if ((events & wanted_) != 0) {
    callback_(events & wanted_);
  } else if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
    source_ = {};
    callback_(EPOLLERR);
  }
}

}  // namespace virtsev::vmm
