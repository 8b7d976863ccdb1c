// SPDX-License-Identifier: LGPL-2.1-or-later
// A domain takes a step (run/run_state.hpp): the one place where its state changes, and where it is seen to
// that whoever comes later, hears of it or waits for it learns of it in the same order.
#include <utility>

#include "driver/daemon/base/log.hpp"
#include "driver/daemon/files/atomic_file.hpp"
#include "driver/daemon/files/status_file.hpp"
#include "driver/daemon/lifecycle/boot_id.hpp"
#include "driver/daemon/lifecycle/lifecycle.hpp"
#include "sevcore/base/printable.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {

void Lifecycle::transition(const DomainPtr& domain, const Step& step) {
  std::optional<Change> change = next(domain->life, step);
  if (!change) {
    const std::string why =
        text("domain '{}' is {}, and can't take the step {}: virtsevd is at fault; it is left as it is",
             domain->name, name_of(domain->life), name_of(step));
    log_error(why);
    throw Error(ErrorCode::kInternal, why);
  }
  const auto observe = [this, &domain, &step](TransitionMoment moment) {
    if (context_.observe_transition) {
      context_.observe_transition(*domain, name_of(step), moment);
    }
  };
  observe(TransitionMoment::kBefore);
  const DomainHandle before = domain->handle();
  const RunPtr run = domain->run;
  domain->life = std::move(change->to);
  const bool over = std::holds_alternative<Off>(domain->life);
  if (over) {
    if (run) {
      remove_port_sockets(run->ports, channel_directory(before.name, run->id));
    }
    forget_files(*domain);
    domain->run.reset();
    domain->job.reset();                                      // It ends without a guest
  } else if (!std::holds_alternative<Found>(domain->life)) {  // That one comes from the file
    save_status(domain);
  }
  observe(TransitionMoment::kSaved);
  if (change->before) {
    context_.emit(before, change->before->event, change->before->detail);
  }
  for (const Change::Event& event : change->events) {
    std::visit([&](const auto& each) { context_.emit(DomainEvent{domain->handle(), each}); }, event);
  }
  observe(TransitionMoment::kTold);
  if (over && run) {
    for (const auto& [alias, gone] : std::exchange(run->leaving, {})) {
      gone->fire();
    }
  }
  if (run && run->on_change) {
    run->on_change();
  }
  if (over && !domain->persistent) {
    context_.domains.remove(domain);
  }
  if (over && context_.on_inactive) {
    context_.on_inactive();
  }
}

void Lifecycle::save_status(const DomainPtr& domain, DomainState state) {
  const Run* const run = domain->run.get();
  if (run == nullptr || run->pid == 0) {
    return;
  }
  const auto* const ending = std::get_if<Ending>(&domain->life);
  const bool relaunching = std::holds_alternative<Relaunching>(domain->life) ||
                           (ending != nullptr && ending->what == Ending::For::kReset);
  DomainStatus status;
  status.id = run->id;
  status.state = state.state;
  status.reason = state.reason;
  status.pid = run->pid;
  status.start_time = run->start_time;
  status.uid = run->uid;
  status.asid = run->asid;
  status.firmware_delay = run->firmware_delay;
  status.relaunching = relaunching;
  status.starting = relaunching || std::holds_alternative<Starting>(domain->life);
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
  for (const PortEnd& port : run->ports) {
    status.port_paths.push_back(port.path);
  }
  status.taps = run->taps;
  status.network_ports = run->network_ports;
  status.volume_paths = run->volume_paths;
  status.launch = run->launch;
  try {
    status.xml = domain_xml::format(*run->definition);
    // Under /run, small, and not forced to a disk: this does not wait.
    write_atomically(file(*domain, ".status"), format_status(status), Durable::kNo);
  } catch (const Error& error) {
    log_error(text("domain '{}': a restart of virtsevd will not find it: {}", domain->name, error.what()));
  }
}

std::string Lifecycle::file(const Domain& domain, const char* suffix) const {
  return context_.layout.state + "/" + domain_xml::format_uuid(domain.uuid) + suffix;
}

// As in libvirt: the id tells those of one name apart, and the name is for people.
std::string Lifecycle::channel_directory(const std::string& name, int id) const {
  constexpr std::size_t kMostOfName = 20;
  return context_.layout.channels() + "/" + std::to_string(id) + "-" +
         std::string(cut_at_character(name, kMostOfName));
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

}  // namespace virtsev::daemon
