// SPDX-License-Identifier: LGPL-2.1-or-later
// From a definition to a measured guest.
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <libvirt/libvirt.h>

#include "driver/daemon/base/log.hpp"
#include "driver/daemon/files/read_file.hpp"
#include "driver/daemon/host/online_cpus.hpp"
#include "driver/daemon/host/require_platform.hpp"
#include "driver/daemon/lifecycle/lifecycle.hpp"
#include "driver/daemon/lifecycle/start_message.hpp"
#include "driver/daemon/lifecycle/statistics.hpp"
#include "driver/daemon/monitor/console_log_file.hpp"
#include "driver/daemon/monitor/control_socket.hpp"
#include "driver/daemon/monitor/guest_log.hpp"
#include "driver/daemon/monitor/launch_files.hpp"
#include "driver/daemon/monitor/vmm_path.hpp"
#include "driver/daemon/network/host_links.hpp"
#include "driver/spec-from-xml/virtsev/open_disks.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

constexpr std::chrono::seconds kHelloLimit{10};

/// Runs an action however a coroutine is left.
class ScopeEnd {
 public:
  explicit ScopeEnd(std::function<void()> action) : action_(std::move(action)) {}
  ~ScopeEnd() { action_(); }
  ScopeEnd(const ScopeEnd&) = delete;
  ScopeEnd& operator=(const ScopeEnd&) = delete;

 private:
  std::function<void()> action_;
};

Error abort_error(const Domain& domain) {
  return {ErrorCode::kOperationAborted,
          domain.job && domain.job->aborted()
              ? text("the start was given up, as was asked for (`virsh domjobabort`)")
              : text("the start was given up: the domain was destroyed meanwhile")};
}

void stop_if_aborted(const Domain& domain, const Run& run) {
  if (run.abort.fired()) {
    throw abort_error(domain);
  }
}

// How a monitor ended that did so unasked, and without a word, before its launch was done.
std::optional<std::string> early_death(const Domain& domain) {
  const Launch* const launch = launch_in(domain.life);
  const bool died = launch != nullptr && launch->early_end && !launch->early_end->said && !launch->killed;
  return died ? std::optional(launch->early_end->how) : std::nullopt;
}

}  // namespace

std::string what_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  }
}

// That the connection broke is how a start fails; why is another question.
std::exception_ptr Lifecycle::better_reason(const Domain& domain, const Run& run,
                                            const std::exception_ptr& failure) const {
  if (run.abort.fired()) {
    return std::make_exception_ptr(abort_error(domain));
  }
  if (const Launch* const launch = launch_in(domain.life); launch != nullptr && !launch->stalled.empty()) {
    return std::make_exception_ptr(Error(ErrorCode::kOperationTimeout, launch->stalled));
  }
  if (const auto how = early_death(domain)) {
    return std::make_exception_ptr(
        Error(ErrorCode::kOperationFailed, text("the monitor ended during the start ({}); see {}/{}.log",
                                                *how, context_.layout.logs, domain.name)));
  }
  const bool on_hardware = context_.configuration.platform == control::Platform::kHardware;
  if (on_hardware && run.monitor && run.definition->launch_security) {
    const bool es = sevcore::encrypts_state(domain_xml::protection_of(*run.definition));
    return with_asids_named(failure, es, own_guests(context_.domains));
  }
  return failure;
}

asio::awaitable<void> Lifecycle::start(DomainPtr domain, DefinitionPtr definition, StartOptions options) {
  refuse_beside_stray_monitor(domain);
  const auto run = std::make_shared<Run>(context_.io.get_executor());
  run->id = context_.domains.next_id();
  run->definition = std::move(definition);
  run->owner = options.auto_destroy;
  domain->run = run;
  domain->visible = true;
  domain->last_failure.clear();
  transition(domain, step::Begin{});
  const JobHold job(domain->job, launch_job(domain));
  log_info(text("domain '{}': starting, id {}", domain->name, run->id));
  log_not_used(*run->definition);

  std::exception_ptr failure;
  try {
    co_await launch(domain, run);
    if (!options.paused) {
      co_await let_run(domain, run);
    }
  } catch (const std::exception&) {
    failure = std::current_exception();
  }
  if (failure) {
    co_await stop_monitor(domain, run);
    failure = better_reason(*domain, *run, failure);
    log_error(text("domain '{}': cannot start: {}", domain->name, what_of(failure)));
    stop(domain, run, {run->abort.fired() ? VIR_DOMAIN_SHUTOFF_DESTROYED : VIR_DOMAIN_SHUTOFF_FAILED});
    std::rethrow_exception(failure);
  }
  launched(domain, run, options.paused);
}

// The guest launched and measured, standing still. What it throws leaves a monitor, if any, to the caller.
asio::awaitable<void> Lifecycle::launch(DomainPtr domain, RunPtr run) {
  if (const std::string& reason = run->definition->reason_against_start; !reason.empty()) {
    throw Error(ErrorCode::kConfigUnsupported, reason);
  }
  try {
    run->launch = co_await start_monitor(domain, run);
  } catch (...) {
    if (run->owner_given) {
      // A session that can't be opened may be one for a platform that has changed.
      context_.platform.forget();
    }
    throw;
  }
  stop_if_aborted(*domain, *run);
  co_await place_vcpus(run);
  const bool measured = run->definition->launch_security.has_value();
  constexpr std::size_t kMeasurementBytes = 48;
  if (measured && run->launch.measurement.size() != kMeasurementBytes) {
    throw Error(ErrorCode::kInternal, text("the monitor reported a launch without a measurement"));
  }
  run->launched_at = std::chrono::steady_clock::now();
}

asio::awaitable<control::LaunchReport> Lifecycle::start_monitor(DomainPtr domain, RunPtr run) {
  const Configuration configuration = context_.configuration;
  const auto machine = std::make_shared<spec::OpenedMachine>();
  const auto files = std::make_shared<LaunchFiles>();
  const auto disks = std::make_shared<std::vector<spec::OpenedDisk>>();
  const auto links = std::make_shared<std::vector<HostLink>>();
  const auto log = std::make_shared<UniqueFd>();
  // On a server that is gone it is left behind: so it touches nothing that a later start has, too.
  const auto console_log = std::make_shared<std::optional<std::array<UniqueFd, 4>>>();
  const auto named_sockets = std::make_shared<std::vector<PortEnd>>();
  const DefinitionPtr found = co_await with_volumes(run);
  stop_if_aborted(*domain, *run);
  std::function<void()> open_theirs = [definition = found, machine, disks, configuration, console_log,
                                       named_sockets, own = own_guests(context_.domains)] {
    require_platform(configuration, *definition, own);
    require_online(definition->cpu_placement, online_cpus());
    *machine = configuration.open_machine(*definition);
    *disks = spec::open_disks(*definition);
    *named_sockets = listen_at_named_places(wanted_ends(*definition));
    if (!definition->serials.empty() && !definition->serials[0].log_file.empty()) {
      *console_log = open_console_log(definition->serials[0].log_file);
    }
  };
  co_await context_.user_files.run(std::move(open_theirs), run->abort);
  stop_if_aborted(*domain, *run);
  note_firmware(*domain, *run, machine->machine.boot);
  const DefinitionPtr plugged = co_await with_network_ports(run);
  stop_if_aborted(*domain, *run);
  // A guest that is launched again is the same run to whoever reads its log.
  const bool first = std::holds_alternative<Starting>(domain->life);
  const auto ports = std::make_shared<std::vector<PortEnd>>(ends_to_keep(*run, std::move(*named_sockets)));
  std::function<void()> open_ours = [ports, channels = channel_directory(domain->name, run->id),
                                     protection = domain_xml::protection_of(*run->definition), files, links,
                                     log, run, plugged, first, console_log,
                                     names = LaunchNames{domain->name, file(*domain, ".end")}, configuration,
                                     layout = context_.layout, in_use = asids_in_use()] {
    *files = open_launch_files(layout, configuration, names, protection, in_use);
    *log = open_guest_log(layout.logs, names.domain);
    *links = open_host_links(*plugged, configuration.passt);
    open_port_ends(wanted_ends(*run->definition), channels, *ports);
    if (*console_log) {
      files->console_log = std::move(**console_log);
      if (first && !run->definition->serials[0].log_append) {
        empty_console_log(files->console_log);
      }
    }
  };
  co_await context_.pool.run(std::move(open_ours));
  run->ports = std::move(*ports);
  stop_if_aborted(*domain, *run);

  if (!run->definition->serials.empty() && !run->console_master) {
    Console console = open_console_pair();
    run->console_master = std::move(console.master);
    run->console_slave = std::move(console.slave);
    run->console_path = std::move(console.path);
  }
  run->taps.clear();
  for (const HostLink& link : *links) {
    run->taps.push_back(link.tap);
  }
  run->asid = files->asid.asid;
  run->firmware_delay = configuration.simulation.firmware_delay_ms_per_mib;
  control::Start message = start_message(*run, {*machine, *disks, *links, *files}, configuration);
  run->owner_given = !sevcore::owner_of(message.machine.protection).session.empty();
  spawn_monitor(domain, run, log->get(), find_vmm(configuration.vmm));
  transition(domain, step::Spawn{});

  co_await run->monitor->greet(kHelloLimit);
  stop_if_aborted(*domain, *run);
  if (run->monitor->version() < control::kFirstStartVersion) {
    throw Error(
        ErrorCode::kConfigUnsupported,
        text("the monitor is older than virtsevd, and can't be told what to start: install virtsevd and "
             "virtsev-vmm of one version"));
  }
  const control::Reply reply = co_await ask_to_launch(
      domain, run, std::move(message), std::chrono::seconds(configuration.launch_timeout_seconds));
  const auto* report = std::get_if<control::LaunchReport>(&reply);
  if (report == nullptr) {
    throw Error(ErrorCode::kInternal,
                text("the monitor answered the launch with something else than a report"));
  }
  co_return *report;
}

// A launch takes as long as it takes, as long as it goes on; a monitor before version 4 does not say so.
asio::awaitable<control::Reply> Lifecycle::ask_to_launch(DomainPtr domain, RunPtr run, control::Start message,
                                                         std::chrono::seconds limit) {
  constexpr std::chrono::hours kNever{24 * 365};
  asio::steady_timer stall(context_.io);
  // Neither outlives this call: it waits for the answer, or for the end of the monitor.
  const auto job = domain->job;
  const auto waiting = std::make_shared<bool>(true);  // A handler may be on its way when the timer is gone
  const auto rearm = [&stall, domain, run, job, limit, waiting] {
    stall.expires_after(limit);
    stall.async_wait([domain, run, job, limit, waiting](const std::error_code& error) {
      if (error || !*waiting) {
        return;
      }
      launch_in(domain->life)->stalled = text(
          "the launch did not go on for {} s (launch_timeout in virtsevd.conf), {} of {} MiB were done: "
          "the firmware, or the host's memory, is busy or stuck; look at dmesg for ccp",
          limit.count(), job->progress().done >> 20, job->progress().total >> 20);
      run->monitor->kill();
    });
  };
  job->set_observer(rearm);
  const ScopeEnd no_more([job, waiting] {
    job->set_observer(nullptr);
    *waiting = false;
  });
  rearm();
  control::Request start = std::move(message);
  co_return co_await run->monitor->request(std::move(start), kNever);
}

void Lifecycle::spawn_monitor(const DomainPtr& domain, const RunPtr& run, int log, const std::string& vmm) {
  const std::string socket_name = domain_xml::format_uuid(domain->uuid) + ".sock";
  const UniqueFd listener = listen_at(context_.layout.state, socket_name, 0600, 8);
  const MonitorUid own = own_uid();
  run->uid = own.uid;
  SpawnOptions options;
  options.program = vmm;
  options.arguments = vmm_arguments(domain->name);
  options.control_socket = listener.get();
  options.log = log;
  options.uid = run->uid;
  options.uid_lock = own.lock.get();
  options.cpus = domain_xml::mask_of(cpus_of_emulator(run->definition->cpu_placement));
  std::string command_line = vmm;
  for (const std::string& argument : options.arguments) {
    command_line += " " + argument;
  }
  log_starting(log, command_line);
  // Connected before there is anybody to accept: the monitor finds the daemon waiting.
  UniqueFd socket = connect_to(context_.layout.state, socket_name);
  if (!socket) {
    throw Error(ErrorCode::kSystemError, text("cannot connect to the control socket '{}/{}': {}",
                                              context_.layout.state, socket_name, error_text(errno)));
  }
  Process process = spawn(options);
  run->pid = process.pid;
  run->start_time = process.start_time;
  run->monitor = std::make_shared<Monitor>(context_.io.get_executor(), std::move(process), std::move(socket),
                                           file(*domain, ".end"));
  watch(domain, run);
}

void Lifecycle::watch(const DomainPtr& domain, const RunPtr& run) {
  // Weak: the monitor is held by the run.
  const std::weak_ptr<Run> weak_run = run;
  const std::weak_ptr<Domain> weak_domain = domain;
  Monitor::Sinks sinks;
  sinks.event = [this, weak_domain, weak_run](const control::Event& event) {
    const auto live = weak_run.lock();
    const auto owner = weak_domain.lock();
    if (live) {
      take_firmware_event(*live, event);
    }
    if (const auto* silent = std::get_if<control::ConsoleSilent>(&event);
        live && owner && silent != nullptr && take_console_silent(*owner, *live, *silent)) {
      save_status(owner);
    }
    if (live && owner && owner->run == live) {
      take_guest_event(owner, live, event);
    }
    if (const auto* progress = std::get_if<control::Progress>(&event); progress != nullptr && live && owner &&
                                                                       owner->run == live && owner->job &&
                                                                       launch_in(owner->life) != nullptr) {
      owner->job->set_progress({progress->done, progress->total});
    }
  };
  sinks.end = [this, weak_domain, weak_run,
               weak_monitor = std::weak_ptr<Monitor>(run->monitor)](const MonitorEnd& end) {
    context_.firmware_turns.forget(weak_monitor.lock());
    const auto live = weak_run.lock();
    const auto owner = weak_domain.lock();
    if (live && owner) {
      monitor_ended(owner, live, end);
    }
  };
  sinks.lateness = [this, weak_domain, weak_run](bool late) {
    const auto live = weak_run.lock();
    const auto owner = weak_domain.lock();
    if (live && owner) {
      monitor_late(owner, live, late);
    }
  };
  run->monitor->watch(std::move(sinks));
}

void Lifecycle::take_firmware_event(const Run& run, const control::Event& event) {
  FirmwareTurns& turns = context_.firmware_turns;
  if (const auto* wanted = std::get_if<control::FirmwareWanted>(&event)) {
    turns.want(run.monitor, wanted->number, firmware_time(run.firmware_delay, wanted->bytes));
  } else if (const auto* done = std::get_if<control::FirmwareDone>(&event)) {
    turns.done(run.monitor, done->number);
  }
}

asio::awaitable<void> Lifecycle::let_run(DomainPtr domain, RunPtr run) {
  control::Request resume = control::Resume{};
  const std::chrono::seconds limit(context_.configuration.request_timeout_seconds);
  co_await run->monitor->request(std::move(resume), limit);
  stop_if_aborted(*domain, *run);
  run->has_run = true;
}

asio::awaitable<void> Lifecycle::stop_monitor(DomainPtr domain, RunPtr run) {
  if (!run->monitor) {
    co_return;
  }
  const auto monitor = run->monitor;
  if (Launch* const launch = launch_in(domain->life)) {
    launch->killed = !monitor->over();
  }
  monitor->kill();
  co_await monitor->ended().wait();
}

std::set<std::uint32_t> Lifecycle::asids_in_use() const {
  std::set<std::uint32_t> used;
  context_.domains.for_each([&used](const DomainPtr& domain) {
    if (domain->run) {
      used.insert(domain->run->asid);
    }
  });
  return used;
}

MonitorUid Lifecycle::own_uid() const {
  if (::geteuid() != 0) {
    return {};
  }
  const Configuration& settings = context_.configuration;
  std::set<std::uint32_t> used;
  context_.domains.for_each([&used](const DomainPtr& domain) {
    if (domain->run) {
      used.insert(domain->run->uid);
    }
  });
  auto own = take_uid(settings.uid_locks, settings.vmm_uid_first, settings.vmm_uid_last, used);
  if (!own) {
    throw Error(ErrorCode::kOperationFailed,
                text("all user ids for monitors are in use ({} to {}): widen vmm_uid_range in virtsevd.conf",
                     settings.vmm_uid_first, settings.vmm_uid_last));
  }
  return std::move(*own);
}

}  // namespace virtsev::daemon
