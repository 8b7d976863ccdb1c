// SPDX-License-Identifier: LGPL-2.1-or-later
// A monitor has ended: what that means for its domain.
#include <utility>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <libvirt/libvirt.h>

#include "driver/daemon/files/atomic_file.hpp"
#include "driver/daemon/files/read_file.hpp"
#include "driver/daemon/files/status_file.hpp"
#include "driver/daemon/lifecycle/boot_id.hpp"
#include "driver/daemon/lifecycle/lifecycle.hpp"
#include "driver/daemon/log.hpp"
#include "driver/daemon/monitor/guest_log.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

using domain_xml::LifecycleAction;

struct ReasonNames {
  int reason;
  int event_detail;
  const char* word;  ///< In the guest's log, as libvirt writes it
};
ReasonNames names_of(int reason) {
  switch (reason) {
    case VIR_DOMAIN_SHUTOFF_SHUTDOWN:
      return {reason, VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN, "shutdown"};
    case VIR_DOMAIN_SHUTOFF_DESTROYED:
      return {reason, VIR_DOMAIN_EVENT_STOPPED_DESTROYED, "destroyed"};
    case VIR_DOMAIN_SHUTOFF_CRASHED:
      return {reason, VIR_DOMAIN_EVENT_STOPPED_CRASHED, "crashed"};
    default:
      return {reason, VIR_DOMAIN_EVENT_STOPPED_FAILED, "failed"};
  }
}

// What the definition wants at this end of the guest's own making. A guest that is gone can't be preserved:
// that is destroy.
bool wants_relaunch(const Run& run, control::EndReason reason) {
  switch (reason) {
    case control::EndReason::kPoweroff:
      return (run.reboot_requested && run.definition_problem.empty()) ||
             run.definition->on_poweroff == LifecycleAction::kRestart;
    case control::EndReason::kReset:
      return run.definition->on_reboot == LifecycleAction::kRestart;
    case control::EndReason::kPanic:
      return run.definition->on_crash == LifecycleAction::kRestart;
    default:
      return false;
  }
}

void tell_debugger(const Run& run) {
  if (run.on_change) {
    run.on_change();
  }
}

}  // namespace

std::string Lifecycle::file(const Domain& domain, const char* suffix) const {
  return context_.layout.state + "/" + domain_xml::format_uuid(domain.uuid) + suffix;
}

void Lifecycle::set_state(const DomainPtr& domain, int state, int reason) {
  domain->state = {state, reason};
  save_status(domain);
  if (domain->run) {
    tell_debugger(*domain->run);
  }
}

void Lifecycle::save_status(const DomainPtr& domain) {
  const Run* const run = domain->run.get();
  if (run == nullptr || run->pid == 0) {
    return;
  }
  DomainStatus status;
  status.id = run->id;
  status.state = domain->state.state;
  status.reason = domain->state.reason;
  status.pid = run->pid;
  status.start_time = run->start_time;
  status.uid = run->uid;
  status.asid = run->asid;
  status.firmware_delay = run->firmware_delay;
  status.relaunching = run->relaunching;
  status.starting = run->starting;
  status.has_run = run->has_run;
  status.owner_given = run->owner_given;
  status.auto_destroy = run->owner.has_value();
  status.reboot_requested = run->reboot_requested;
  status.shutdown_asked = run->shutdown_asked;
  status.console_silent = !run->console_silent.empty();
  status.console_silent_text = run->console_silent;
  status.persistent = domain->persistent;
  status.boot_id = boot_id();
  status.name = domain->name;
  status.console_path = run->console_path;
  status.launch = run->launch;
  try {
    status.xml = domain_xml::format(*run->definition);
    // Under /run, small, and not forced to a disk: this does not wait.
    write_atomically(file(*domain, ".status"), format_status(status), Durable::kNo);
  } catch (const Error& error) {
    log_error(text("domain '{}': a restart of virtsevd will not find it: {}", domain->name, error.what()));
  }
}

void Lifecycle::monitor_ended(const DomainPtr& domain, const RunPtr& run, const MonitorEnd& end) {
  log_info(end.how.empty() ? text("domain '{}': its monitor ended", domain->name)
                           : text("domain '{}': its monitor ended: {}", domain->name, end.how));
  if (domain->run != run) {
    return;
  }
  if (run->starting) {
    run->early_end = end;  // Its launch fails by that; or has just succeeded, and catches up
    return;
  }
  if (run->destroying || (end.said && end.said->reason == control::EndReason::kDestroyed)) {
    finish(domain, run, VIR_DOMAIN_SHUTOFF_DESTROYED, {});
    return;
  }
  const control::EndReason reason = end.said ? end.said->reason : control::EndReason::kError;
  if (reason == control::EndReason::kPanic) {
    context_.emit(domain->handle(), VIR_DOMAIN_EVENT_CRASHED, VIR_DOMAIN_EVENT_CRASHED_PANICKED);
  }
  if (wants_relaunch(*run, reason)) {
    begin_relaunch(domain, run);
    return;
  }
  if (reason == control::EndReason::kPoweroff || reason == control::EndReason::kReset) {
    context_.emit(domain->handle(), VIR_DOMAIN_EVENT_SHUTDOWN, VIR_DOMAIN_EVENT_SHUTDOWN_GUEST);
    finish(domain, run, VIR_DOMAIN_SHUTOFF_SHUTDOWN, {});
    return;
  }
  domain->last_failure = end.how;
  finish(domain, run, VIR_DOMAIN_SHUTOFF_CRASHED, end.how);
}

void Lifecycle::catch_up(const DomainPtr& domain, const RunPtr& run) {
  if (const auto end = std::exchange(run->early_end, std::nullopt)) {
    monitor_ended(domain, run, *end);
  }
}

void Lifecycle::begin_relaunch(const DomainPtr& domain, const RunPtr& run) {
  run->starting = true;
  run->relaunching = true;
  if (!run->console_master) {
    // An earlier virtsevd opened that terminal, and the kernel gives its number to the next who asks for one.
    run->console_path.clear();
  }
  domain->state = {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_STARTING_UP};
  // Before anything of the ended guest is touched: whenever virtsevd dies from here on, the next one launches
  // it anew. The file names the monitor that ended until there is another one.
  save_status(domain);
  run->monitor.reset();
  tell_debugger(*run);
  asio::co_spawn(context_.io, relaunch(domain, run), asio::detached);
}

// Anew under the same id: an encrypted guest's memory and registers can't be set back in place.
asio::awaitable<void> Lifecycle::relaunch(DomainPtr domain, RunPtr old) {
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
  run->announced = true;
  run->relaunching = true;
  run->pid = old->pid;
  run->start_time = old->start_time;
  run->console_master = std::move(old->console_master);
  run->console_slave = std::move(old->console_slave);
  run->console_path = old->console_path;
  if (old->abort.fired()) {
    run->abort.fire();
  }
  domain->run = run;
  std::exception_ptr failure;
  try {
    co_await launch(domain, run);
    // Whoever gave a session wants to see the measurement before the guest runs, each time.
    if (!run->owner_given) {
      co_await let_run(run);
    }
  } catch (const std::exception&) {
    failure = std::current_exception();
  }
  if (failure) {
    co_await stop_monitor(run);
    const std::string why = what_of(better_reason(*domain, *run, failure));
    log_error(text("domain '{}': cannot be launched anew: {}", domain->name, why));
    const bool destroyed = run->abort.fired();
    domain->last_failure = destroyed ? std::string() : why;
    finish(domain, run, destroyed ? VIR_DOMAIN_SHUTOFF_DESTROYED : VIR_DOMAIN_SHUTOFF_FAILED,
           domain->last_failure);
    co_return;
  }
  run->starting = false;
  run->relaunching = false;
  if (run->owner_given) {
    set_state(domain, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER);
  } else {
    set_state(domain, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED);
  }
  context_.emit(DomainEvent{domain->handle(), RebootEvent{}});
  if (run->owner_given) {
    context_.emit(domain->handle(), VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_EVENT_SUSPENDED_PAUSED);
  }
  catch_up(domain, run);
}

void Lifecycle::forget_files(const Domain& domain) {
  for (const char* suffix : {".status", ".sock", ".end"}) {
    try {
      remove_file(file(domain, suffix), Durable::kNo);
    } catch (const Error& error) {
      log_warning(error.what());
    }
  }
}

// The domain is inactive from here on.
void Lifecycle::finish(const DomainPtr& domain, const RunPtr& run, int reason, const std::string& remark) {
  if (domain->run != run) {
    return;
  }
  const ReasonNames names = names_of(reason);
  log_shutting_down(context_.layout.logs, domain->name, names.word, remark);
  forget_files(*domain);
  domain->run.reset();
  domain->state = {VIR_DOMAIN_SHUTOFF, names.reason};
  tell_debugger(*run);
  log_info(text("domain '{}': shut off, reason {}", domain->name, names.word));
  if (run->announced) {
    context_.emit(domain->handle(), VIR_DOMAIN_EVENT_STOPPED, names.event_detail);
  }
  if (!domain->persistent) {
    context_.domains.remove(domain);
  }
  if (context_.on_inactive) {
    context_.on_inactive();
  }
}

}  // namespace virtsev::daemon
