// SPDX-License-Identifier: LGPL-2.1-or-later
// Ends that are asked for, from the host's side.
#include <utility>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/this_coro.hpp>
#include <libvirt/libvirt.h>

#include "driver/daemon/base/log.hpp"
#include "driver/daemon/domains/flags.hpp"
#include "driver/daemon/lifecycle/lifecycle.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

// Graceful: as long as a guest with much memory may take to go. Else one that goes by itself needs no more
// than this, and its end is the same when it is made to.
constexpr std::chrono::seconds kGracefulLimit{10};
constexpr std::chrono::seconds kLimit{2};
// Whoever has owed an answer for so long is not asked once more.
constexpr std::chrono::seconds kStalled{1};

asio::awaitable<bool> ends_within(std::shared_ptr<Monitor> monitor, std::chrono::milliseconds limit) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const auto ended = std::make_shared<Latch>(executor);
  monitor->ended().also_fire(ended);
  co_return co_await ended->wait_for(limit);
}

asio::awaitable<void> send_quit(std::shared_ptr<Monitor> monitor, std::chrono::milliseconds limit) {
  try {
    control::Request quit = control::Quit{};
    co_await monitor->request(std::move(quit), limit);
  } catch (const Error&) {
    // It ended while it was asked, or it does not listen: whoever waits for its end sees that.
  }
}

// Asks the monitor to end, then makes it, by its process. Graceful: the former alone; false where it did not
// end.
asio::awaitable<bool> end_monitor(std::shared_ptr<Monitor> monitor, bool graceful) {
  const std::chrono::milliseconds limit = graceful ? kGracefulLimit : kLimit;
  if (graceful || monitor->owes_for() < kStalled) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    asio::co_spawn(executor, send_quit(monitor, limit), asio::detached);
    if (co_await ends_within(monitor, limit)) {
      co_return true;
    }
  }
  if (graceful) {
    co_return false;
  }
  monitor->kill();
  co_await monitor->ended().wait();
  co_return true;
}

}  // namespace

void Lifecycle::announce_destroy(const DomainPtr& domain) {
  if (!std::holds_alternative<Ending>(domain->life)) {
    transition(domain, step::End{Ending::For::kDestroy});
  }
}

asio::awaitable<void> Lifecycle::destroy(DomainPtr domain, bool graceful) {
  require_active(*domain);
  // Who holds the domain's turn may wait for the monitor for long. A launch under way is told to give up
  // first; what else is under way fails when the monitor is gone.
  const RunPtr before = domain->run;
  bool interrupted = is_in_transit(domain->life);
  if (!before->monitor) {  // Not reached yet by this virtsevd, or between two launches
    interrupted = true;
  }
  if (interrupted) {
    give_up_launch(*domain);
  } else if (!graceful && before->monitor && domain->jobs->busy()) {
    interrupted = true;
    announce_destroy(domain);
    const auto monitor = before->monitor;
    co_await end_monitor(monitor, false);
  }
  const auto queue = domain->jobs;
  const auto turn = co_await queue->take();
  if (domain->run != before && interrupted) {
    co_return;
  }
  require_active(*domain);
  const RunPtr run = domain->run;
  if (!run->monitor) {  // Between the end of one monitor and the launch of the next
    stop(domain, run, {VIR_DOMAIN_SHUTOFF_DESTROYED});
    co_return;
  }
  announce_destroy(domain);
  const auto monitor = run->monitor;
  const bool ended = co_await end_monitor(monitor, graceful);
  if (!ended) {
    transition(domain, step::Spare{});
    throw Error(
        ErrorCode::kResourceBusy,
        text("the monitor of domain '{}' did not end in time; destroy it without --graceful", domain->name));
  }
  stop(domain, run, {VIR_DOMAIN_SHUTOFF_DESTROYED});  // monitor_ended() has done so, as a rule
}

// Whoever launches sees it, and tidies up.
void Lifecycle::give_up_launch(const Domain& domain) {
  domain.run->abort.fire();
  if (domain.run->monitor) {
    domain.run->monitor->kill();
  }
}

asio::awaitable<void> Lifecycle::reset(DomainPtr domain) {
  const auto queue = domain->jobs;
  const auto turn = co_await queue->take();
  require_active(*domain);
  const RunPtr run = domain->run;
  refuse_es_reset(*run, context_.configuration.sev_es_relaunch, text("be reset"));
  refuse_relaunch(*run);
  if (!run->monitor) {
    co_return;  // On its way to a new launch already
  }
  transition(domain, step::End{Ending::For::kReset});
  const auto monitor = run->monitor;
  co_await end_monitor(monitor, false);
  begin_relaunch(domain, run, {});
}

void Lifecycle::connection_closed(ConnectionId owner) {
  context_.domains.for_each([this, owner](const DomainPtr& domain) {
    if (domain->run && domain->run->owner == owner) {
      log_info(text("domain '{}': destroyed with the client that started it", domain->name));
      asio::co_spawn(context_.io, destroy(domain, false), [](const std::exception_ptr&) {});
    }
  });
}

}  // namespace virtsev::daemon
