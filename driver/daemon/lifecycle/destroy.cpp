// SPDX-License-Identifier: LGPL-2.1-or-later
// Ends that are asked for, from the host's side.
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <libvirt/libvirt.h>

#include "driver/daemon/domains/flags.hpp"
#include "driver/daemon/lifecycle/lifecycle.hpp"
#include "driver/daemon/log.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

constexpr std::chrono::seconds kQuitLimit{5};
constexpr std::chrono::seconds kExitLimit{5};

// Asks the monitor to end, then makes it. Graceful: the former alone; false where it did not end.
asio::awaitable<bool> end_monitor(std::shared_ptr<Monitor> monitor, bool graceful) {
  try {
    control::Request quit = control::Quit{};
    co_await monitor->request(std::move(quit), kQuitLimit);
  } catch (const Error&) {
    // It ended while it was asked, or it does not listen: seen below.
  }
  if (co_await monitor->ended().wait_for(kExitLimit)) {
    co_return true;
  }
  if (graceful) {
    co_return false;
  }
  monitor->kill();
  co_await monitor->ended().wait();
  co_return true;
}

}  // namespace

asio::awaitable<void> Lifecycle::destroy(DomainPtr domain, bool graceful) {
  require_active(*domain);
  // A launch under way holds the domain's turn: it is told to give up first.
  const bool interrupted = domain->run->starting;
  if (interrupted) {
    domain->run->abort.fire();
    if (domain->run->monitor) {
      domain->run->monitor->kill();
    }
  }
  const auto queue = domain->jobs;
  const auto turn = co_await queue->take();
  if (!domain->active() && interrupted) {
    co_return;
  }
  require_active(*domain);
  const RunPtr run = domain->run;
  if (!run->monitor) {  // Between the end of one monitor and the launch of the next
    finish(domain, run, VIR_DOMAIN_SHUTOFF_DESTROYED, {});
    co_return;
  }
  run->destroying = true;
  context_.emit(domain->handle(), VIR_DOMAIN_EVENT_SHUTDOWN, VIR_DOMAIN_EVENT_SHUTDOWN_HOST);
  const auto monitor = run->monitor;
  const bool ended = co_await end_monitor(monitor, graceful);
  if (!ended) {
    run->destroying = false;
    throw Error(
        ErrorCode::kResourceBusy,
        text("the monitor of domain '{}' did not end in time; destroy it without --graceful", domain->name));
  }
  finish(domain, run, VIR_DOMAIN_SHUTOFF_DESTROYED,
         {});  // monitor_ended() has done so, unless the run was taken over
}

asio::awaitable<void> Lifecycle::reset(DomainPtr domain) {
  const auto queue = domain->jobs;
  const auto turn = co_await queue->take();
  require_active(*domain);
  const RunPtr run = domain->run;
  refuse_es_reset(*run, text("be reset"));
  refuse_relaunch(*run);
  if (!run->monitor) {
    co_return;  // On its way to a new launch already
  }
  run->starting = true;  // Its end is ours to deal with
  run->relaunching = true;
  save_status(domain);
  const auto monitor = run->monitor;
  co_await end_monitor(monitor, false);
  run->early_end.reset();
  begin_relaunch(domain, run);
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
