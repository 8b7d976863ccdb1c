// SPDX-License-Identifier: LGPL-2.1-or-later
// A thread's loop over what happens at descriptors (epoll(7)). Nothing in it polls or sleeps.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::vmm {

/// One thread runs it, and is where callbacks are called, one at a time. What others may call says so.
class EventLoop {
 public:
  /// EPOLLIN, EPOLLOUT and so on, as they came. Throws nothing.
  using Callback = std::function<void(std::uint32_t events)>;

  /// A descriptor that the loop watches, for as long as this lives; it is borrowed, and closed later. Whoever
  /// owns one needs to know no more of the loop.
  class [[nodiscard]] Source {
   public:
    Source() = default;
    /// Any thread, the callback itself included. On another thread than the loop's it returns when a callback
    /// that had begun has ended: so no lock is held then that the callback takes.
    ~Source();
    Source(Source&& other) noexcept;
    Source& operator=(Source&& other) noexcept;
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;

    /// Any thread; waits for nothing.
    void change(std::uint32_t events) const;

   private:
    friend class EventLoop;
    Source(EventLoop& loop, std::uint64_t id, int fd) : loop_(&loop), id_(id), fd_(fd) {}

    EventLoop* loop_ = nullptr;
    std::uint64_t id_ = 0;
    int fd_ = -1;
  };

  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Any thread. Level-triggered, unless `events` has EPOLLET. Throws std::system_error.
  Source watch(int fd, std::uint32_t events, Callback callback);

  /// Until stop().
  void run();
  /// Waits for one event, and calls for it.
  void run_once();
  /// The loop's own thread: after the callback that calls this, run() returns.
  void stop() { running_ = false; }
  [[nodiscard]] bool running() const { return running_; }

 private:
  void forget(const Source& source);

  UniqueFd epoll_;
  bool running_ = false;
  std::mutex mutex_;  // Of all below; not held while a callback runs
  std::condition_variable callback_ended_;
  std::map<std::uint64_t, std::shared_ptr<Callback>> callbacks_;
  std::uint64_t last_id_ =
      0;  // Not the descriptor: its number is used again, and an old event may be on its way
  std::uint64_t called_ = 0;  // Whose callback runs now; 0: none's
  std::thread::id calling_thread_;
};

}  // namespace virtsev::vmm
