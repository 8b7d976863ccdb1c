// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/loop/timer.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include <sys/epoll.h>
#include <sys/timerfd.h>

namespace virtsev::vmm {

Timer::Timer(EventLoop& loop, std::function<void()> on_expiry)
    : timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)),
      on_expiry_(std::move(on_expiry)) {
  if (!timer_) {
    throw std::system_error(errno, std::generic_category(), "timerfd_create");
  }
  source_ = loop.watch(timer_.get(), EPOLLIN, [this](std::uint32_t) { on_readable(); });
}

void Timer::set(std::chrono::nanoseconds delay) {
  constexpr std::chrono::nanoseconds kSecond = std::chrono::seconds(1);
  itimerspec when{};
  when.it_value.tv_sec = static_cast<time_t>(delay / kSecond);
  when.it_value.tv_nsec = static_cast<long>((delay % kSecond).count());
  (void)::timerfd_settime(timer_.get(), 0, &when, nullptr);
}

void Timer::on_readable() {
  // Nothing to read where it was set again in between.
  std::uint64_t count = 0;
  if (::read(timer_.get(), &count, sizeof(count)) == sizeof(count)) {
    on_expiry_();
  }
}

}  // namespace virtsev::vmm
