// SPDX-License-Identifier: LGPL-2.1-or-later
// A monitor that stands still is not a dead one: what it was asked for fails, it is said, and when it goes
// on, what happened meanwhile is found out.
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <libvirt/libvirt.h>

#include "driver/daemon/domains/flags.hpp"
#include "driver/daemon/lifecycle/lifecycle.hpp"
#include "driver/daemon/lifecycle/start_message.hpp"
#include "driver/daemon/log.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {

void Lifecycle::monitor_late(const DomainPtr& domain, const RunPtr& run, bool late) {
  if (domain->run != run || run->starting) {
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
  if (domain->run != run || run->starting || !run->monitor) {
    co_return;
  }
  const int before = domain->state.state;
  try {
    co_await learn_of_guest(domain, run);
  } catch (const Error& failure) {
    log_info(text("domain '{}': {}", domain->name, failure.what()));
  }
  if (domain->run != run) {
    co_return;
  }
  const int now = domain->state.state;
  constexpr int kUnknown = 0;
  if (now != before && domain->state.reason == kUnknown) {
    if (now == VIR_DOMAIN_RUNNING) {
      set_state(domain, now, VIR_DOMAIN_RUNNING_UNPAUSED);
      context_.emit(domain->handle(), VIR_DOMAIN_EVENT_RESUMED, VIR_DOMAIN_EVENT_RESUMED_UNPAUSED);
    } else {
      set_state(domain, now, VIR_DOMAIN_PAUSED_USER);
      context_.emit(domain->handle(), VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_EVENT_SUSPENDED_PAUSED);
    }
  } else {
    save_status(domain);
  }
}

// The caller holds the domain's turn. The state's reason is 0, "unknown", where it changed while nobody
// looked.
asio::awaitable<void> Lifecycle::learn_of_guest(DomainPtr domain, RunPtr run) {
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
  if (found->state == control::RunState::kRunning && domain->state.state != VIR_DOMAIN_RUNNING) {
    domain->state = {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_UNKNOWN};
  } else if (found->state == control::RunState::kPaused && domain->state.state != VIR_DOMAIN_PAUSED) {
    domain->state = {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_UNKNOWN};
  }
  if (run->dump == Run::Dump::kNone && domain->state.state == VIR_DOMAIN_PAUSED &&
      domain->state.reason == VIR_DOMAIN_PAUSED_DUMP) {
    // It stood still for a dump, which ended with the daemon that made it.
    control::Request resume = control::Resume{};
    co_await monitor->request(std::move(resume), limit);
    domain->state = {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_UNPAUSED};
    context_.emit(domain->handle(), VIR_DOMAIN_EVENT_RESUMED, VIR_DOMAIN_EVENT_RESUMED_UNPAUSED);
  }
}

}  // namespace virtsev::daemon
