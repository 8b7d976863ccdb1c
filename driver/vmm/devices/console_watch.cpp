// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/console_watch.hpp"

#include <sys/epoll.h>

namespace virtsev::vmm {
namespace {

std::uint32_t epoll_events(Console::Interest interest) {
  return (interest.readable ? std::uint32_t{EPOLLIN} : 0U) |
         (interest.writable ? std::uint32_t{EPOLLOUT} : 0U);
}

}  // namespace

ConsoleWatch::ConsoleWatch(EventLoop& loop, int master, Console& console) : console_(console) {
  if (master >= 0) {
    source_ =
        loop.watch(master, epoll_events(interest_), [this](std::uint32_t events) { on_events(events); });
  }
}

void ConsoleWatch::apply() const {
  source_.change(epoll_events(interest_) | (hung_up_ ? std::uint32_t{EPOLLET} : 0U));
}

void ConsoleWatch::set_interest(Console::Interest interest) {
  const std::lock_guard lock(mutex_);
  interest_ = interest;
  apply();
}

void ConsoleWatch::on_events(std::uint32_t events) {
  const bool hung_up = (events & (EPOLLHUP | EPOLLERR)) != 0;
  {
    const std::lock_guard lock(mutex_);
    if (hung_up != hung_up_) {
      hung_up_ = hung_up;
      apply();
    }
  }
  if (hung_up) {
    return;  // Reading and writing would fail; what is pending waits for the next reader
  }
  if ((events & EPOLLOUT) != 0) {
    console_.on_writable();
  }
  if ((events & EPOLLIN) != 0) {
    console_.on_readable();
  }
}

}  // namespace virtsev::vmm
