// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/loop/wakeup.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include <sys/epoll.h>
#include <sys/eventfd.h>

namespace virtsev::vmm {

Wakeup::Wakeup(EventLoop& loop, std::function<void()> callback)
    : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), callback_(std::move(callback)) {
  if (!event_) {
    throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  source_ = loop.watch(event_.get(), EPOLLIN, [this](std::uint32_t) {
    eventfd_t count = 0;
    (void)::eventfd_read(event_.get(), &count);
    callback_();
  });
}

void Wakeup::signal() const { (void)::eventfd_write(event_.get(), 1); }

}  // namespace virtsev::vmm
