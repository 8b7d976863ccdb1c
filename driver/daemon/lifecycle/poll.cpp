// SPDX-License-Identifier: LGPL-2.1-or-later
// Questions about guests, which nobody should wait for.
#include <algorithm>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include "driver/daemon/lifecycle/lifecycle.hpp"
#include "sevcore/base/error.hpp"

namespace virtsev::daemon {
namespace {

// A monitor answers within milliseconds; one that does not keeps nobody longer than this.
constexpr std::chrono::milliseconds kPatience{2000};

struct Poll {
  Poll(const asio::any_io_executor& executor, std::size_t count)
      : all_answered(executor), answers(count), open(count) {}
  Latch all_answered;
  std::vector<std::optional<control::Status>> answers;
  std::size_t open;
};

}  // namespace

// One question at a time is on its way to a monitor, however many want to know.
asio::awaitable<std::optional<control::Status>> Lifecycle::ask_briefly(DomainPtr domain, bool wait) {
  const RunPtr run = domain->run;
  if (!run || is_in_transit(domain->life) || !run->monitor) {
    co_return std::nullopt;
  }
  if (run->monitor->late() || (!wait && (run->inquiry || domain->jobs->busy()))) {
    co_return run->known;
  }
  if (!run->inquiry) {
    run->inquiry = std::make_shared<Run::Inquiry>(context_.io.get_executor());
    asio::co_spawn(context_.io, query(domain),
                   [run, inquiry = run->inquiry](const std::exception_ptr&, const control::Status&) {
                     run->inquiry.reset();
                     inquiry->done.fire();
                   });
  }
  const std::shared_ptr<Run::Inquiry> inquiry = run->inquiry;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(inquiry->asked_at + kPatience -
                                                                 std::chrono::steady_clock::now());
  if (left > std::chrono::milliseconds::zero()) {
    const auto answered = std::make_shared<Latch>(context_.io.get_executor());
    inquiry->done.also_fire(answered);
    co_await answered->wait_for(left);
  }
  co_return domain->run == run ? run->known : std::nullopt;
}

asio::awaitable<std::vector<std::optional<control::Status>>> Lifecycle::poll(std::vector<DomainPtr> domains,
                                                                             bool wait) {
  const auto poll = std::make_shared<Poll>(context_.io.get_executor(), domains.size());
  for (std::size_t i = 0; i < domains.size(); ++i) {
    asio::co_spawn(
        context_.io, ask_briefly(domains[i], wait),
        [poll, i](const std::exception_ptr& failure, const std::optional<control::Status>& status) {
          if (!failure) {
            poll->answers[i] = status;
          }
          if (--poll->open == 0) {
            poll->all_answered.fire();
          }
        });
  }
  if (poll->open > 0) {
    co_await poll->all_answered.wait();
  }
  co_return poll->answers;
}

}  // namespace virtsev::daemon
