// SPDX-License-Identifier: LGPL-2.1-or-later
// A monitor that stands still is not a dead one: what it was asked for fails, it is said, and when it goes
// on, what happened meanwhile is found out.
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <libvirt/libvirt.h>

#include "driver/daemon/base/log.hpp"
#include "driver/daemon/domains/flags.hpp"
#include "driver/daemon/lifecycle/lifecycle.hpp"
#include "driver/daemon/lifecycle/start_message.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {

void Lifecycle::monitor_late(const DomainPtr& domain, const RunPtr& run, bool late) {
  if (domain->run != run || is_in_transit(domain->life)) {
    return;  // An unfinished launch has a limit of its own
  }
  if (late) {
    log_warning(
        text("domain '{}': its monitor has not answered for {} s; it is left as it is, and its guest "
             "with it; `virsh destroy` ends both",
             domain->name, run->monitor->owes_for().count() / 1000));
    return;
  }
  log_warning(text("domain '{}': its monitor answers again", domain->name));
  asio::co_spawn(context_.io, catch_up_late(domain, run), asio::detached);
}

// Requests that were given up were done all the same, later: the guest may stand still, or run, unexpectedly.
asio::awaitable<void> Lifecycle::catch_up_late(DomainPtr domain, RunPtr run) {
  const auto queue = domain->jobs;
  const auto turn = co_await queue->take();
  if (domain->run != run || is_in_transit(domain->life) || !run->monitor) {
    co_return;
  }
  try {
    co_await learn_of_guest(domain, run, true);
  } catch (const Error& failure) {
    log_info(text("domain '{}': {}", domain->name, failure.what()));
  }
  if (domain->run == run) {
    save_status(domain);
  }
}

// The caller holds the domain's turn. `tell`: clients saw the guest in another state until now.
asio::awaitable<void> Lifecycle::learn_of_guest(DomainPtr domain, RunPtr run, bool tell) {
  const std::chrono::seconds limit(context_.configuration.request_timeout_seconds);
  const auto monitor = run->monitor;
  if (monitor->version() == 0) {
    co_await monitor->greet(limit);
  }
  control::Request query = control::Query{};
  const control::Reply reply = co_await monitor->request(std::move(query), limit);
  const auto* found = std::get_if<control::Status>(&reply);
  if (found == nullptr || domain->run != run) {
    co_return;
  }
  run->has_run = found->has_run;
  run->launch = found->launch;
  run->known = *found;
  note_console(*domain, *run, *found);
  if (monitor->version() >= control::kHotPlugVersion) {
    co_await forget_gone_devices(domain, run, *found);
    if (domain->run != run) {
      co_return;
    }
  }
  const int state = domain->state().state;
  if (found->state == control::RunState::kRunning && state != VIR_DOMAIN_RUNNING) {
    transition(domain, tell ? step::Resume{VIR_DOMAIN_RUNNING_UNPAUSED, VIR_DOMAIN_EVENT_RESUMED_UNPAUSED}
                            : step::Resume{VIR_DOMAIN_RUNNING_UNKNOWN, {}});
  } else if (found->state == control::RunState::kPaused && state != VIR_DOMAIN_PAUSED) {
    transition(domain, tell ? step::Pause{VIR_DOMAIN_PAUSED_USER, VIR_DOMAIN_EVENT_SUSPENDED_PAUSED}
                            : step::Pause{VIR_DOMAIN_PAUSED_UNKNOWN, {}});
  }
  if (found->state == control::RunState::kPanicked && state != VIR_DOMAIN_CRASHED) {
    transition(domain, step::Crash{tell});
  }
  if (!domain->job && domain->state().state == VIR_DOMAIN_PAUSED &&
      domain->state().reason == VIR_DOMAIN_PAUSED_DUMP) {
    // It stood still for a dump, which ended with the daemon that made it.
    control::Request resume = control::Resume{};
    co_await monitor->request(std::move(resume), limit);
    if (domain->run == run) {
      transition(domain, step::Resume{VIR_DOMAIN_RUNNING_UNPAUSED, VIR_DOMAIN_EVENT_RESUMED_UNPAUSED});
    }
  }
}

}  // namespace virtsev::daemon
