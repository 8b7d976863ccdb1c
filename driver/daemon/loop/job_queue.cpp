// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/loop/job_queue.hpp"

#include <asio/this_coro.hpp>

#include "driver/daemon/loop/latch.hpp"

namespace virtsev::daemon {

JobQueue::Turn& JobQueue::Turn::operator=(Turn&& other) noexcept {
  if (this != &other) {
    release();
    queue_ = std::move(other.queue_);
  }
  return *this;
}

void JobQueue::Turn::release() {
  if (queue_ != nullptr) {
    queue_->next();
    queue_.reset();
  }
}

asio::awaitable<JobQueue::Turn> JobQueue::take() {
  const std::shared_ptr<JobQueue> self = shared_from_this();
  if (!busy_) {
    busy_ = true;
    co_return Turn(self);
  }
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const auto latch = std::make_shared<Latch>(executor);
  waiting_.push_back(latch);
  co_await latch->wait();
  co_return Turn(self);
}

void JobQueue::next() {
  if (waiting_.empty()) {
    busy_ = false;
    return;
  }
  // The turn passes on at once: nobody who comes now overtakes.
  const std::shared_ptr<Latch> latch = waiting_.front();
  waiting_.pop_front();
  latch->fire();
}

}  // namespace virtsev::daemon
