// SPDX-License-Identifier: LGPL-2.1-or-later
// A timer that goes off once.
#include "driver/vmm/monitor/timer.hpp"

#include <cerrno>
#include <system_error>

#include <sys/timerfd.h>

namespace virtsev::vmm {

OneShotTimer::OneShotTimer() : timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
  if (!timer_) {
    throw std::system_error(errno, std::generic_category(), "timerfd_create");
  }
}

void OneShotTimer::set(std::uint32_t seconds) {
  itimerspec when{};
  when.it_value.tv_sec = static_cast<time_t>(seconds);
  (void)::timerfd_settime(timer_.get(), 0, &when, nullptr);
}

void OneShotTimer::acknowledge() {
  std::uint64_t count = 0;
  (void)!::read(timer_.get(), &count, sizeof(count));
}

}  // namespace virtsev::vmm
