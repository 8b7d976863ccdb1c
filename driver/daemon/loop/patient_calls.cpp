// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/loop/patient_calls.hpp"

#include <map>
#include <mutex>
#include <system_error>
#include <thread>

#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include "driver/daemon/loop/latch.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {

/// The event loop's side of one call.
struct PatientCalls::Call {
  explicit Call(const asio::any_io_executor& executor) : over(std::make_shared<Latch>(executor)) {}
  std::shared_ptr<Latch> over;
  bool returned = false;
  std::exception_ptr failure;
};

/// What outlives the loop, as its threads may. They know a call by its number alone: a Call belongs to the
/// loop, and ends with it.
struct PatientCalls::Threads {
  explicit Threads(asio::io_context& io) : loop(io) {}

  std::mutex mutex;  ///< Of ended, and of running
  bool ended = false;
  std::size_t running = 0;
  asio::io_context& loop;  ///< There until `ended`

  // The loop's alone.
  std::map<std::uint64_t, std::shared_ptr<Call>> calls;
  std::uint64_t last_number = 0;

  static void work_off(const std::shared_ptr<Threads>& self, std::uint64_t number,
                       std::function<void()> work) {
    std::exception_ptr failure;
    try {
      work();
    } catch (...) {
      failure = std::current_exception();
    }
    work = nullptr;
    const std::lock_guard lock(self->mutex);
    --self->running;
    if (!self->ended) {
      asio::post(self->loop, [self, number, failure] { self->take_return(number, failure); });
    }
  }
  void take_return(std::uint64_t number, const std::exception_ptr& failure) {
    if (const auto found = calls.find(number); found != calls.end()) {
      found->second->returned = true;
      found->second->failure = failure;
      found->second->over->fire();
    }
  }
};

PatientCalls::PatientCalls(asio::io_context& loop) : threads_(std::make_shared<Threads>(loop)) {}

PatientCalls::~PatientCalls() {
  const std::lock_guard lock(threads_->mutex);
  threads_->ended = true;
  threads_->calls.clear();
}

asio::awaitable<bool> PatientCalls::run(std::function<void()> work, Latch& give_up) {
  const std::shared_ptr<Threads> threads = threads_;
  const auto call = std::make_shared<Call>(threads->loop.get_executor());
  {
    const std::lock_guard lock(threads->mutex);
    if (threads->running >= kMost) {
      throw Error(ErrorCode::kResourceBusy,
                  text("{} calls wait for files or for the firmware already, and do not come back; see that "
                       "the servers of the guests' files answer",
                       threads->running));
    }
    ++threads->running;
  }
  const std::uint64_t number = ++threads->last_number;
  give_up.also_fire(call->over);
  threads->calls.emplace(number, call);
  bool started = true;
  try {
    std::thread([threads, number, work = std::move(work)]() mutable {
      Threads::work_off(threads, number, std::move(work));
    }).detach();
  } catch (const std::system_error&) {
    started = false;
  }
  if (!started) {
    threads->calls.erase(number);
    const std::lock_guard lock(threads->mutex);
    --threads->running;
    throw Error(ErrorCode::kSystemError, text("the kernel gives virtsevd no further thread"));
  }
  co_await call->over->wait();
  threads->calls.erase(number);
  if (call->failure) {
    std::rethrow_exception(call->failure);
  }
  co_return call->returned;
}

}  // namespace virtsev::daemon
