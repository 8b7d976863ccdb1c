// SPDX-License-Identifier: LGPL-2.1-or-later
// A monitor has ended: what that means for its domain.
#include <utility>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <libvirt/libvirt.h>

#include "driver/daemon/base/log.hpp"
#include "driver/daemon/files/atomic_file.hpp"
#include "driver/daemon/files/read_file.hpp"
#include "driver/daemon/files/status_file.hpp"
#include "driver/daemon/libvirt/network_ports.hpp"
#include "driver/daemon/lifecycle/boot_id.hpp"
#include "driver/daemon/lifecycle/lifecycle.hpp"
#include "driver/daemon/monitor/guest_log.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

using domain_xml::LifecycleAction;

// In the guest's log, as libvirt writes it.
const char* word_of(int reason) {
  switch (reason) {
    case VIR_DOMAIN_SHUTOFF_SHUTDOWN:
      return "shutdown";
    case VIR_DOMAIN_SHUTOFF_DESTROYED:
      return "destroyed";
    case VIR_DOMAIN_SHUTOFF_CRASHED:
      return "crashed";
    default:
      return "failed";
  }
}

// What the definition wants at this end of the guest's own making. A guest that is gone can't be preserved:
// that is destroy. (One that said that it panicked is kept by its monitor where it is to be preserved.)
bool wants_relaunch(const Run& run, control::EndReason reason, bool sev_es_relaunch) {
  switch (reason) {
    case control::EndReason::kPoweroff:
      return (run.reboot_requested && run.definition_problem.empty()) ||
             run.definition->on_poweroff == LifecycleAction::kRestart;
    case control::EndReason::kReset:
      return restarts_at_reboot(*run.definition, sev_es_relaunch);
    case control::EndReason::kPanic:
    case control::EndReason::kPanicked:
      return run.definition->on_crash == LifecycleAction::kRestart;
    default:
      return false;
  }
}

bool is_es(const Run& run) { return sevcore::encrypts_state(domain_xml::protection_of(*run.definition)); }

}  // namespace

void Lifecycle::monitor_ended(const DomainPtr& domain, const RunPtr& run, const MonitorEnd& end) {
  log_info(end.how.empty() ? text("domain '{}': its monitor ended", domain->name)
                           : text("domain '{}': its monitor ended: {}", domain->name, end.how));
  if (domain->run != run) {
    return;
  }
  if (Launch* const launch = launch_in(domain->life)) {
    launch->early_end = end;  // It fails by that; or has just succeeded, and catches up
    return;
  }
  if (is_in_transit(domain->life)) {
    return;  // Whoever made it end goes on
  }
  if (std::holds_alternative<Ending>(domain->life) ||
      (end.said && end.said->reason == control::EndReason::kDestroyed)) {
    stop(domain, run, {VIR_DOMAIN_SHUTOFF_DESTROYED});
    return;
  }
  const control::EndReason reason = end.said ? end.said->reason : control::EndReason::kError;
  std::optional<LifecycleEvent> because;
  if (reason == control::EndReason::kPanic || reason == control::EndReason::kPanicked) {
    because = {VIR_DOMAIN_EVENT_CRASHED, VIR_DOMAIN_EVENT_CRASHED_PANICKED};
  }
  if (wants_relaunch(*run, reason, context_.configuration.sev_es_relaunch)) {
    if (is_es(*run) && !run->relaunches.take()) {
      domain->last_failure =
          text("it rebooted more than {} times in a minute; it is not launched again", Run::kMostRelaunches);
      log_warning(text("domain '{}': {}", domain->name, domain->last_failure));
      stop(domain, run, {VIR_DOMAIN_SHUTOFF_CRASHED, because, domain->last_failure});
      return;
    }
    begin_relaunch(domain, run, because);
    return;
  }
  if (reason == control::EndReason::kPoweroff || reason == control::EndReason::kReset) {
    because = {VIR_DOMAIN_EVENT_SHUTDOWN, VIR_DOMAIN_EVENT_SHUTDOWN_GUEST};
    stop(domain, run, {VIR_DOMAIN_SHUTOFF_SHUTDOWN, because});
    return;
  }
  domain->last_failure = end.how;
  stop(domain, run, {VIR_DOMAIN_SHUTOFF_CRASHED, because, end.how});
}

void Lifecycle::take_panic(const DomainPtr& domain, Run& run) {
  const bool known = run.panicked_early || domain->state().state == VIR_DOMAIN_CRASHED;
  if (known || std::holds_alternative<Found>(domain->life)) {
    return;
  }
  log_warning(text("domain '{}': its kernel panicked; it is preserved, as <on_crash> says", domain->name));
  if (launch_in(domain->life) != nullptr) {
    run.panicked_early = true;
  } else {
    transition(domain, step::Crash{true});
  }
}

void Lifecycle::launched(const DomainPtr& domain, const RunPtr& run, bool paused) {
  const auto early_end = launch_in(domain->life)->early_end;
  transition(domain, step::Launched{paused});
  if (std::exchange(run->panicked_early, false) && !early_end) {
    transition(domain, step::Crash{true});
  }
  if (early_end) {
    monitor_ended(domain, run, *early_end);
  }
}

void Lifecycle::begin_relaunch(const DomainPtr& domain, const RunPtr& run,
                               const std::optional<LifecycleEvent>& because) {
  if (!run->console_master) {
    // An earlier virtsevd opened that terminal, and the kernel gives its number to the next who asks for one.
    run->console_path.clear();
  }
  for (PortEnd& port : run->ports) {
    if (!port.master && !port.listener) {
      port.path.clear();
    }
  }
  // Before anything of the ended guest is touched: whenever virtsevd dies from here on, the next one launches
  // it again. The file names the monitor that ended until there is another one.
  transition(domain, step::Relaunch{because});
  run->monitor.reset();
  asio::co_spawn(context_.io, relaunch(domain, run), asio::detached);
}

// Anew under the same id: an encrypted guest's memory and registers can't be set back in place.
asio::awaitable<void> Lifecycle::relaunch(DomainPtr domain, RunPtr old) {
  const JobHold job(domain->job, launch_job(domain));
  const auto queue = domain->jobs;
  const auto turn = co_await queue->take();
  // A guest that resets at once, and again and again, must not take the host's time.
  const auto due = old->launched_at + std::chrono::milliseconds(context_.configuration.shortest_run_ms);
  const auto now = std::chrono::steady_clock::now();
  if (due > now) {
    co_await old->abort.wait_for(std::chrono::duration_cast<std::chrono::milliseconds>(due - now));
  }
  if (domain->run != old) {
    co_return;
  }
  const auto run = std::make_shared<Run>(context_.io.get_executor());
  run->id = old->id;
  run->definition = old->definition;
  run->owner = old->owner;
  run->relaunches = old->relaunches;
  run->pid = old->pid;
  run->start_time = old->start_time;
  run->console_master = std::move(old->console_master);
  run->console_slave = std::move(old->console_slave);
  run->console_path = old->console_path;
  run->ports = std::move(old->ports);
  run->network_ports = std::move(old->network_ports);  // It stays where it is plugged in
  if (old->abort.fired()) {
    run->abort.fire();
  }
  domain->run = run;
  std::exception_ptr failure;
  try {
    co_await launch(domain, run);
    // Whoever gave a session wants to see the measurement before the guest runs, each time.
    if (!run->owner_given) {
      co_await let_run(domain, run);
    }
  } catch (const std::exception&) {
    failure = std::current_exception();
  }
  if (failure) {
    co_await stop_monitor(domain, run);
    const std::string why = what_of(better_reason(*domain, *run, failure));
    log_error(text("domain '{}': cannot be launched again: {}", domain->name, why));
    const bool destroyed = run->abort.fired();
    domain->last_failure = destroyed ? std::string() : why;
    stop(domain, run,
         {destroyed ? VIR_DOMAIN_SHUTOFF_DESTROYED : VIR_DOMAIN_SHUTOFF_FAILED, {}, domain->last_failure});
    co_return;
  }
  launched(domain, run, run->owner_given);
}

// The domain is inactive from here on.
void Lifecycle::stop(const DomainPtr& domain, const RunPtr& run, const step::Stop& how) {
  if (domain->run != run) {
    return;
  }
  log_shutting_down(context_.layout.logs, domain->name, word_of(how.reason), how.remark);
  log_info(text("domain '{}': shut off, reason {}", domain->name, word_of(how.reason)));
  give_back_network_ports(context_.io.get_executor(), context_.layout.socket_directory,
                          std::exchange(run->network_ports, {}));
  transition(domain, how);
}

}  // namespace virtsev::daemon
