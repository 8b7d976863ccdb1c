// SPDX-License-Identifier: LGPL-2.1-or-later
// A disk's reads and writes by threads that wait for them, where io_uring is not to be had.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "driver/vmm/loop/wakeup.hpp"
#include "driver/vmm/storage/io_engine.hpp"

namespace virtsev::vmm {

class ThreadEngine final : public SpareEngine {
 public:
  /// So many operations are with the kernel at once; more wait here.
  static constexpr std::size_t kThreads = 4;

  /// Throws std::system_error, and what `sandbox` throws.
  ThreadEngine(int fd, EventLoop& loop, const ThreadSandbox& sandbox);
  ~ThreadEngine() override;
  ThreadEngine(const ThreadEngine&) = delete;
  ThreadEngine& operator=(const ThreadEngine&) = delete;

  void begin(IoOperation& operation) override;
  void submit() override {}
  void on_batch(std::function<void()> batch) override { batch_ = std::move(batch); }
  void use(int fd) override;

 private:
  void work();
  void end_threads();
  void on_done();

  std::function<void()> batch_;
  std::mutex mutex_;  // Of all below but for the last two; not held during a call to the kernel
  int fd_;
  std::size_t calling_ = 0;  // Threads that are with the kernel
  std::condition_variable begun_;
  std::condition_variable still_;
  std::deque<IoOperation*> waiting_;
  std::vector<std::pair<IoOperation*, std::int64_t>> done_;
  bool ending_ = false;
  Wakeup wakeup_;
  std::vector<std::thread> threads_;
};

}  // namespace virtsev::vmm
