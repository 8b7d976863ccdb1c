// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/loop/event_loop.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include <sys/epoll.h>

namespace virtsev::vmm {
namespace {

epoll_event event_of(std::uint64_t id, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  return event;
}

}  // namespace

EventLoop::EventLoop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) {
    throw std::system_error(errno, std::generic_category(), "epoll_create1");
  }
}

EventLoop::Source EventLoop::watch(int fd, std::uint32_t events, Callback callback) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t id = ++last_id_;
  epoll_event event = event_of(id, events);
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }
  callbacks_[id] = std::make_shared<Callback>(std::move(callback));
  return {*this, id, fd};
}

void EventLoop::forget(const Source& source) {
  std::shared_ptr<Callback> callback;  // Goes when the lock has gone: what it owns may be a source, too
  std::unique_lock lock(mutex_);
  (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, source.fd_, nullptr);
  const auto found = callbacks_.find(source.id_);
  callback = std::move(found->second);
  callbacks_.erase(found);
  callback_ended_.wait(
      lock, [&] { return called_ != source.id_ || calling_thread_ == std::this_thread::get_id(); });
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
  const std::uint64_t id = event.data.u64;  // A copy: the structure is packed, and nothing may refer into it
  std::unique_lock lock(mutex_);
  const auto found = callbacks_.find(id);
  if (found == callbacks_.end()) {
    return;
  }
  const std::shared_ptr<Callback> callback = found->second;  // may remove itself
  called_ = id;
  calling_thread_ = std::this_thread::get_id();
  lock.unlock();
  (*callback)(event.events);
  lock.lock();
  called_ = 0;
  callback_ended_.notify_all();
}

EventLoop::Source::~Source() {
  if (loop_ != nullptr) {
    loop_->forget(*this);
  }
}

EventLoop::Source::Source(Source&& other) noexcept
    : loop_(std::exchange(other.loop_, nullptr)), id_(other.id_), fd_(other.fd_) {}

EventLoop::Source& EventLoop::Source::operator=(Source&& other) noexcept {
  Source gone(std::move(other));
  std::swap(loop_, gone.loop_);
  std::swap(id_, gone.id_);
  std::swap(fd_, gone.fd_);
  return *this;
}

void EventLoop::Source::change(std::uint32_t events) const {
  if (loop_ != nullptr) {
    epoll_event event = event_of(id_, events);
    (void)::epoll_ctl(loop_->epoll_.get(), EPOLL_CTL_MOD, fd_, &event);
  }
}

}  // namespace virtsev::vmm
