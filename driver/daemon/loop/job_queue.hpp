// SPDX-License-Identifier: LGPL-2.1-or-later
// One after the other: what changes a domain waits here for its turn, so that two changes of one domain never
// mix.
#pragma once

#include <deque>
#include <memory>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

namespace virtsev::daemon {

class Latch;

/// First come, first served. One thread's: the event loop's.
class JobQueue : public std::enable_shared_from_this<JobQueue> {
 public:
  /// Held while the job lasts; gives the turn to the next when it goes.
  class Turn {
   public:
    Turn() = default;
    explicit Turn(std::shared_ptr<JobQueue> queue) : queue_(std::move(queue)) {}
    Turn(Turn&&) = default;
    Turn& operator=(Turn&& other) noexcept;
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() { release(); }
    void release();

   private:
    std::shared_ptr<JobQueue> queue_;
  };

  /// The queue must be held by a shared_ptr.
  asio::awaitable<Turn> take();
  [[nodiscard]] bool busy() const { return busy_; }

 private:
  void next();

  bool busy_ = false;
  std::deque<std::shared_ptr<Latch>> waiting_;
};

}  // namespace virtsev::daemon
