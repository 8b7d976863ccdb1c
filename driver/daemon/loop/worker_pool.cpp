// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/loop/worker_pool.hpp"

#include <exception>
#include <memory>

#include <asio/post.hpp>
#include <asio/this_coro.hpp>

#include "driver/daemon/loop/latch.hpp"

namespace virtsev::daemon {

asio::awaitable<void> WorkerPool::run(std::function<void()> work) {
  const asio::any_io_executor loop = co_await asio::this_coro::executor;
  struct Outcome {
    explicit Outcome(const asio::any_io_executor& executor) : done(executor) {}
    Latch done;
    std::exception_ptr failure;
  };
  const auto outcome = std::make_shared<Outcome>(loop);
  // The pending latch keeps the loop running; the pool's thread touches the outcome only before it hands it
  // back.
  asio::post(threads_, [loop, outcome, work = std::move(work)] {
    try {
      work();
    } catch (...) {
      outcome->failure = std::current_exception();
    }
    asio::post(loop, [outcome] { outcome->done.fire(); });
  });
  co_await outcome->done.wait();
  if (outcome->failure) {
    std::rethrow_exception(outcome->failure);
  }
}

}  // namespace virtsev::daemon
