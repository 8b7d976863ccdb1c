// SPDX-License-Identifier: LGPL-2.1-or-later
// Asking many monitors at once.
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include "driver/daemon/lifecycle/lifecycle.hpp"
#include "sevcore/base/error.hpp"

namespace virtsev::daemon {
namespace {

// A monitor answers within milliseconds; one that does not keeps nobody longer than this.
constexpr std::chrono::milliseconds kPollLimit{2000};

struct Poll {
  Poll(const asio::any_io_executor& executor, std::size_t count) : all_answered(executor), answers(count) {}
  Latch all_answered;
  std::vector<std::optional<control::Status>> answers;
  std::size_t open = 0;
};

bool is_worth_asking(const Domain& domain, bool wait) {
  if (!domain.active() || domain.run->starting) {
    return false;
  }
  const Run& run = *domain.run;
  if (run.open_queries == 0) {
    return wait || !domain.jobs->busy();
  }
  // Where it owes an answer for so long, another question helps nobody.
  return wait && std::chrono::steady_clock::now() - run.queried_at < kPollLimit;
}

}  // namespace

asio::awaitable<std::vector<std::optional<control::Status>>> Lifecycle::poll(std::vector<DomainPtr> domains,
                                                                             bool wait) {
  // Shared: an answer that comes too late finds its place, where nobody looks any more.
  const auto poll = std::make_shared<Poll>(context_.io.get_executor(), domains.size());
  for (std::size_t i = 0; i < domains.size(); ++i) {
    if (!is_worth_asking(*domains[i], wait)) {
      continue;
    }
    ++poll->open;
    asio::co_spawn(context_.io, query(domains[i]),
                   [poll, i](const std::exception_ptr& failure, const control::Status& status) {
                     if (!failure) {
                       poll->answers[i] = status;
                     }
                     if (--poll->open == 0) {
                       poll->all_answered.fire();
                     }
                   });
  }
  if (poll->open > 0) {
    co_await poll->all_answered.wait_for(kPollLimit);
  }
  co_return poll->answers;
}

}  // namespace virtsev::daemon
