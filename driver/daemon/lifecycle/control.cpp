// SPDX-License-Identifier: LGPL-2.1-or-later
// What a running domain is asked to do.
#include <libvirt/libvirt.h>

#include "driver/daemon/domains/flags.hpp"
#include "driver/daemon/lifecycle/lifecycle.hpp"
#include "driver/daemon/lifecycle/start_message.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {

void refuse_ended() {
  throw Error(ErrorCode::kOperationFailed, text("the guest ended before the request was done"));
}

// One request to the monitor of this run. What comes after it must look whether the run is still the
// domain's: the guest may have ended.
asio::awaitable<control::Reply> Lifecycle::ask(RunPtr run, control::Request request) {
  if (!run->monitor) {
    refuse_ended();
  }
  const auto monitor = run->monitor;
  const std::chrono::seconds limit(context_.configuration.request_timeout_seconds);
  try {
    co_return co_await monitor->request(std::move(request), limit);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kOperationTimeout || !monitor->late()) {
      throw;
    }
    throw Error(
        error.code(),
        text("{}; monitor and guest are left as they are, and what was asked for may still be done when "
             "the monitor goes on: see `virsh domcontrol`; `virsh destroy` ends both",
             error.what()));
  }
}

asio::awaitable<void> Lifecycle::suspend(DomainPtr domain) {
  const auto turn = co_await domain->jobs->take();
  require_active(*domain);
  if (domain->state().state != VIR_DOMAIN_RUNNING) {
    co_return;  // Paused already: libvirt's drivers take that as done
  }
  const RunPtr run = domain->run;
  control::Request request = control::Pause{};
  co_await ask(run, std::move(request));
  if (domain->run != run) {
    refuse_ended();
  }
  transition(domain, step::Pause{VIR_DOMAIN_PAUSED_USER, VIR_DOMAIN_EVENT_SUSPENDED_PAUSED});
}

asio::awaitable<void> Lifecycle::resume(DomainPtr domain) {
  const auto turn = co_await domain->jobs->take();
  require_active(*domain);
  if (domain->state().state == VIR_DOMAIN_RUNNING) {
    throw Error(ErrorCode::kOperationInvalid,
                text("Requested operation is not valid: domain is already running"));
  }
  const RunPtr run = domain->run;
  if (domain->job && domain->job->beside() == Job::Beside::kAllButResume) {
    throw Error(ErrorCode::kOperationInvalid,
                text("Requested operation is not valid: domain '{}' stands still for a dump of its memory; "
                     "wait until that is done, or end it with `virsh domjobabort`",
                     domain->name));
  }
  control::Request request = control::Resume{};
  co_await ask(run, std::move(request));
  if (domain->run != run) {
    co_return;  // It ran, and is at its end already
  }
  run->has_run = true;
  transition(domain, step::Resume{VIR_DOMAIN_RUNNING_UNPAUSED, VIR_DOMAIN_EVENT_RESUMED_UNPAUSED});
}

asio::awaitable<void> Lifecycle::shutdown(DomainPtr domain) {
  const auto turn = co_await domain->jobs->take();
  require_active(*domain);
  const RunPtr run = domain->run;
  run->reboot_requested = false;
  control::Request request = control::PowerButton{};
  co_await ask(run, std::move(request));
  expect_shutdown(domain, run);
}

asio::awaitable<void> Lifecycle::reboot(DomainPtr domain) {
  const auto turn = co_await domain->jobs->take();
  require_active(*domain);
  const RunPtr run = domain->run;
  refuse_es_reset(*run, context_.configuration.sev_es_relaunch, text("reboot"));
  refuse_relaunch(*run);
  // The guest shuts itself down, and is then launched again.
  run->reboot_requested = true;
  save_status(domain);
  control::Request request = control::PowerButton{};
  co_await ask(run, std::move(request));
  expect_shutdown(domain, run);
}

asio::awaitable<void> Lifecycle::inject_secret(DomainPtr domain, control::InjectSecret secret) {
  const auto turn = co_await domain->jobs->take();
  require_active(*domain);
  const RunPtr run = domain->run;
  if (!run->definition->launch_security) {
    throw Error(
        ErrorCode::kOperationUnsupported,
        text("domain '{}' has no <launchSecurity>: there is nobody to take a launch secret", domain->name));
  }
  if (domain->state().state != VIR_DOMAIN_PAUSED) {
    throw Error(
        ErrorCode::kOperationInvalid,
        text("Requested operation is not valid: domain must be in a paused state; start it with --paused"));
  }
  if (run->has_run) {
    throw Error(ErrorCode::kOperationInvalid, text("Requested operation is not valid: the guest has run "
                                                   "already, and takes a launch secret only before; destroy "
                                                   "it, and start it with --paused"));
  }
  control::Request request = std::move(secret);
  co_await ask(run, std::move(request));
}

asio::awaitable<control::Status> Lifecycle::query(DomainPtr domain) {
  require_active(*domain);
  const RunPtr run = domain->run;
  if (is_in_transit(domain->life)) {
    co_return control::Status{};
  }
  control::Request request = control::Query{};
  const control::Reply reply = co_await ask(run, std::move(request));
  const auto* status = std::get_if<control::Status>(&reply);
  if (status == nullptr) {
    throw Error(ErrorCode::kInternal, text("the monitor answered a query with something else"));
  }
  note_console(*domain, *run, *status);
  run->known = *status;
  co_return *status;
}

bool restarts_at_reboot(const domain_xml::DomainDefinition& definition, bool sev_es_relaunch) {
  const bool es = sevcore::encrypts_state(domain_xml::protection_of(definition));
  return definition.on_reboot == domain_xml::LifecycleAction::kRestart ||
         (es && !definition.reboot_chosen && sev_es_relaunch);
}

void refuse_es_reset(const Run& run, bool sev_es_relaunch, const std::string& operation) {
  if (sevcore::encrypts_state(domain_xml::protection_of(*run.definition)) &&
      !restarts_at_reboot(*run.definition, sev_es_relaunch)) {
    throw Error(ErrorCode::kOperationUnsupported,
                text("an SEV-ES guest can't {}: its registers are encrypted, and can't be set back; shut it "
                     "down and start it again, so that its owner can verify the new launch, or have that "
                     "done: <virtsev:reboot action='relaunch'/> in its definition, or sev_es_reboot in "
                     "virtsevd.conf",
                     operation));
  }
}

void refuse_relaunch(const Run& run) {
  if (!run.definition_problem.empty()) {
    throw Error(
        ErrorCode::kConfigUnsupported,
        text(
            "the guest can't be launched again: the definition that it runs with can't be used any more: {}; "
            "shut it down, correct the definition, and start it",
            run.definition_problem));
  }
}

}  // namespace virtsev::daemon
