// SPDX-License-Identifier: LGPL-2.1-or-later
// Work of coroutines that is left to itself where its caller gives up.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include "driver/daemon/loop/latch.hpp"

namespace virtsev::daemon {

/// Runs `work` until its end. Nothing where `give_up` fired first: the work goes on, and what it comes to
/// goes to `undo`. Throws what the work throws. Threads: the event loop's.
template <typename Result>
asio::awaitable<std::optional<Result>> beside(asio::any_io_executor executor,
                                              std::function<asio::awaitable<Result>()> work,
                                              std::function<void(Result)> undo, Latch& give_up) {
  struct State {
    explicit State(const asio::any_io_executor& executor) : latch(executor) {}
    std::optional<Result> result;
    std::exception_ptr failure;
    bool over = false;
    bool left = false;
    Latch latch;  ///< The work is done, or is not waited for any more
  };
  const auto state = std::make_shared<State>(executor);
  give_up.also_fire(std::shared_ptr<Latch>(state, &state->latch));
  // The function outlives the coroutine that it has made: that one refers to what it holds.
  const auto kept = std::make_shared<std::function<asio::awaitable<Result>()>>(std::move(work));
  asio::co_spawn(executor, (*kept)(),
                 [state, kept, undo = std::move(undo)](const std::exception_ptr& failure, Result result) {
                   state->over = true;
                   state->failure = failure;
                   if (failure) {
                   } else if (state->left) {
                     undo(std::move(result));
                   } else {
                     state->result = std::move(result);
                   }
                   state->latch.fire();
                 });
  co_await state->latch.wait();
  state->left = !state->over;
  if (state->failure) {
    std::rethrow_exception(state->failure);
  }
  co_return std::move(state->result);
}

}  // namespace virtsev::daemon
