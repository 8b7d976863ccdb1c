// SPDX-License-Identifier: LGPL-2.1-or-later
// Takes the news that the guest has ended from any thread to the I/O thread.
#include "driver/vmm/control/end_signal.hpp"

#include <cerrno>
#include <system_error>

#include <sys/eventfd.h>

namespace virtsev::vmm {

EndSignal::EndSignal() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!event_) {
    throw std::system_error(errno, std::generic_category(), "eventfd");
  }
}

void EndSignal::raise(GuestEnd end) {
  const std::lock_guard lock(mutex_);
  if (end_) {
    return;
  }
  end_ = std::move(end);
  (void)::eventfd_write(event_.get(), 1);
}

std::optional<GuestEnd> EndSignal::end() const {
  const std::lock_guard lock(mutex_);
  return end_;
}

}  // namespace virtsev::vmm
