// SPDX-License-Identifier: LGPL-2.1-or-later
// Calls that wait for a disk, away from the event loop.
#pragma once

#include <functional>

#include <asio/awaitable.hpp>
#include <asio/thread_pool.hpp>

namespace virtsev::daemon {

class WorkerPool {
 public:
  WorkerPool() : threads_(kThreads) {}
  ~WorkerPool() { threads_.join(); }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Runs `work` on a thread of the pool while the event loop goes on; what it throws is thrown here. `work`
  /// shares nothing with the loop but what it was given.
  asio::awaitable<void> run(std::function<void()> work);

 private:
  static constexpr std::size_t kThreads = 2;
  asio::thread_pool threads_;
};

}  // namespace virtsev::daemon
