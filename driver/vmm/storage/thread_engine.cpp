// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/storage/thread_engine.hpp"

#include <cerrno>
#include <exception>
#include <future>

#include <fcntl.h>
#include <pthread.h>
#include <sys/uio.h>

#include "sevcore/base/uninterrupted.hpp"

namespace virtsev::vmm {
namespace {

ssize_t call(int fd, const IoOperation& operation) {
  const auto offset = static_cast<off_t>(operation.offset);
  const auto pieces = static_cast<int>(operation.pieces.size());
  switch (operation.kind) {
    case IoOperation::Kind::kRead:
      return ::preadv(fd, operation.pieces.data(), pieces, offset);
    case IoOperation::Kind::kWrite:
      return ::pwritev2(fd, operation.pieces.data(), pieces, offset, operation.durable ? RWF_DSYNC : 0);
    case IoOperation::Kind::kSync:
      return ::fdatasync(fd);
    case IoOperation::Kind::kAllocate:
      return ::fallocate(fd, operation.mode, offset, static_cast<off_t>(operation.length));
  }
  errno = EINVAL;
  return -1;
}

}  // namespace

ThreadEngine::ThreadEngine(int fd, EventLoop& loop, const ThreadSandbox& sandbox)
    : fd_(fd), wakeup_(loop, [this] { on_done(); }) {
  std::vector<std::future<void>> beginnings;
  for (std::size_t i = 0; i < kThreads; ++i) {
    std::promise<void> begun;
    beginnings.push_back(begun.get_future());
    threads_.emplace_back([this, &sandbox, begun = std::move(begun)]() mutable {
      ::pthread_setname_np(::pthread_self(), "storage");
      try {
        if (sandbox) {
          sandbox();
        }
      } catch (...) {
        begun.set_exception(std::current_exception());
        return;
      }
      begun.set_value();
      work();
    });
  }
  std::exception_ptr failure;
  for (std::future<void>& beginning : beginnings) {
    try {
      beginning.get();
    } catch (...) {
      failure = std::current_exception();
    }
  }
  if (failure) {
    end_threads();
    std::rethrow_exception(failure);
  }
}

ThreadEngine::~ThreadEngine() { end_threads(); }

void ThreadEngine::end_threads() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    waiting_.clear();
  }
  begun_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
  threads_.clear();
  const std::lock_guard lock(mutex_);
  done_.clear();
}

void ThreadEngine::use(int fd) {
  std::unique_lock lock(mutex_);
  waiting_.clear();
  still_.wait(lock, [this] { return calling_ == 0; });
  done_.clear();
  fd_ = fd;
}

void ThreadEngine::begin(IoOperation& operation) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(&operation);
  }
  begun_.notify_one();
}

void ThreadEngine::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    begun_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (ending_) {
      return;
    }
    IoOperation* const operation = waiting_.front();
    waiting_.pop_front();
    const int fd = fd_;
    ++calling_;
    lock.unlock();
    const ssize_t answer = uninterrupted([&] { return call(fd, *operation); });
    const std::int64_t result = answer < 0 ? -errno : answer;
    lock.lock();
    if (--calling_ == 0) {
      still_.notify_all();
    }
    done_.emplace_back(operation, result);
    if (done_.size() == 1) {
      wakeup_.signal();
    }
  }
}

void ThreadEngine::on_done() {
  std::vector<std::pair<IoOperation*, std::int64_t>> done;
  {
    const std::lock_guard lock(mutex_);
    done.swap(done_);
  }
  for (const auto& [operation, result] : done) {
    operation->done(result);
  }
  if (!done.empty() && batch_) {
    batch_();
  }
}

}  // namespace virtsev::vmm
