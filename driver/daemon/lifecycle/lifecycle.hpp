// SPDX-License-Identifier: LGPL-2.1-or-later
// The life of domains: start, pause, end, and everything between. States, reasons and events are those of
// libvirt's drivers.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <asio/awaitable.hpp>

#include "domain-xml/live_devices.hpp"
#include "driver/daemon/agent/agent_value.hpp"
#include "driver/daemon/dump/dumps_under_way.hpp"
#include "driver/daemon/libvirt/network_ports.hpp"
#include "driver/daemon/lifecycle/context.hpp"
#include "driver/daemon/monitor/monitor_uid.hpp"

namespace virtsev::daemon {

class AutostartMark;
struct OpenedDevice;
struct DomainStatus;

class Lifecycle {
 public:
  explicit Lifecycle(Context& context)
      : context_(context), dumps_(std::make_shared<DumpsUnderWay>(context.io.get_executor())) {}

  /// How a launch goes on once the guest is measured.
  struct StartOptions {
    bool paused = false;
    std::optional<ConnectionId> auto_destroy;
  };

  /// launch.cpp. The caller holds the domain's turn. Throws Error; the domain is then inactive, and out of
  /// the list where it is transient.
  asio::awaitable<void> start(DomainPtr domain, DefinitionPtr definition, StartOptions options);

  // control.cpp. Each takes the domain's turn.
  asio::awaitable<void> suspend(DomainPtr domain);
  asio::awaitable<void> resume(DomainPtr domain);
  asio::awaitable<void> shutdown(DomainPtr domain);
  asio::awaitable<void> reboot(DomainPtr domain);
  asio::awaitable<void> inject_secret(DomainPtr domain, control::InjectSecret secret);
  // agent.cpp: by the agent in the guest. None takes the domain's turn; one call at a time talks to the
  // agent, the others wait, or are refused with Error(kResourceBusy) where many do. Throw Error as
  // AgentConversation; kArgumentUnsupported where the domain has no channel for an agent.
  /// `slow`: the answer waits for the guest's disks.
  asio::awaitable<AgentValue> ask_agent(DomainPtr domain, AgentCommand command, bool slow = false);
  asio::awaitable<void> shutdown_by_agent(DomainPtr domain);
  asio::awaitable<void> reboot_by_agent(DomainPtr domain);
  /// update_device.cpp. The link state of an <interface>, by libvirt's flags.
  asio::awaitable<void> update_device(DomainPtr domain, std::string device, std::uint32_t flags);
  // cpu_pinning.cpp: where threads run, by libvirt's flags; not on no CPU.
  asio::awaitable<void> pin_vcpu(DomainPtr domain, std::uint32_t vcpu, domain_xml::CpuSet cpus,
                                 std::uint32_t flags);
  /// All threads of the monitor that are no vCPU.
  asio::awaitable<void> pin_emulator(DomainPtr domain, domain_xml::CpuSet cpus, std::uint32_t flags);
  // plug_device.cpp: devices come and go, by libvirt's flags; those of a running guest in slots of root
  // ports.
  asio::awaitable<void> attach_device(DomainPtr domain, std::string device, std::uint32_t flags);
  asio::awaitable<void> detach_device(DomainPtr domain, std::string device, std::uint32_t flags);
  asio::awaitable<void> detach_device_alias(DomainPtr domain, std::string alias, std::uint32_t flags);
  /// What the monitor says of its guest, as soon as it says so; not while it launches.
  asio::awaitable<control::Status> query(DomainPtr domain);

  // debugging.cpp: where the guest's policy lets the host. None takes the domain's turn for longer than it
  // waits for it, as nobody who ends a guest should have to wait for those who look at it.
  /// `size` 0: only whether it could be read. `vcpu`: whose page tables a virtual address goes through.
  asio::awaitable<Bytes> read_memory(DomainPtr domain, control::AddressKind kind, std::uint64_t address,
                                     std::uint32_t size, std::uint32_t vcpu = 0);
  asio::awaitable<void> write_memory(DomainPtr domain, control::AddressKind kind, std::uint64_t address,
                                     Bytes bytes, std::uint32_t vcpu);
  asio::awaitable<control::VcpuRegisters> read_registers(DomainPtr domain, std::uint32_t vcpu);
  asio::awaitable<void> write_registers(DomainPtr domain, std::uint32_t vcpu,
                                        control::VcpuRegisters registers);
  asio::awaitable<control::MemoryRanges> list_memory(DomainPtr domain);

  /// debugger.cpp. A debugger's end of a connection that speaks gdb's remote protocol. One at a time.
  asio::awaitable<UniqueFd> attach_debugger(DomainPtr domain);

  /// dump.cpp. `format`: virDomainCoreDumpFormat; `flags`: virDomainCoreDumpFlags.
  asio::awaitable<void> core_dump(DomainPtr domain, std::string file, std::uint32_t format,
                                  std::uint32_t flags);
  /// dump.cpp. The dumps under way are given up, no other begins, and guests that were paused for one run
  /// again. Returns when that is done, or can't be.
  asio::awaitable<void> end_dumps();

  /// job.cpp. Ends what is under way of it, and returns when that is over, or in 10 s. Throws
  /// Error(kOperationInvalid) where nothing is.
  asio::awaitable<void> abort_job(DomainPtr domain);

  // poll.cpp: questions, each of which is answered within 2 s, whatever becomes of the monitor.
  /// What the monitor says of its guest; where it does not answer in time, what it said last. Nothing where
  /// the domain is inactive or starting, or its monitor has never answered. Without `wait`, what it said last
  /// also where the domain is being changed, or the monitor owes an answer already.
  asio::awaitable<std::optional<control::Status>> ask_briefly(DomainPtr domain, bool wait);
  /// The same of all at the same time.
  asio::awaitable<std::vector<std::optional<control::Status>>> poll(std::vector<DomainPtr> domains,
                                                                    bool wait);

  /// borrowed.cpp. Where the image of a disk is; empty: a drive without a disc. Of a volume of libvirt's that
  /// no guest uses, its daemon is asked.
  asio::awaitable<std::string> image_path(DomainPtr domain, domain_xml::DiskDefinition disk);

  // destroy.cpp
  /// A start or relaunch under way is given up, and, unless `graceful`, whatever else the domain is doing:
  /// destroy wins.
  asio::awaitable<void> destroy(DomainPtr domain, bool graceful);
  asio::awaitable<void> reset(DomainPtr domain);
  void connection_closed(ConnectionId owner);

  /// console.cpp. Asks the monitor for the console's master, where an earlier virtsevd has made it, and the
  /// monitor's version of the control protocol (4) lets it answer. Throws Error where it gives another one.
  /// `port`: which of the definition's; none: the serial port.
  asio::awaitable<void> find_console(DomainPtr domain, std::optional<std::size_t> port);

  // adopt.cpp
  /// Finds the running domains of an earlier daemon by their status files. Definitions are loaded before.
  void reconnect_all();

  // autostart.cpp
  /// Starts what is marked so, once for each boot of the host.
  void autostart_all();

  /// transition.cpp. Throws Error(kInternal), and does nothing, for a step that is illegal in the domain's
  /// state: that is virtsevd's own fault.
  void transition(const DomainPtr& domain, const Step& step);
  /// transition.cpp. Writes the status file again, for what changes without a step; a failure is logged.
  void save_status(const DomainPtr& domain) { save_status(domain, domain->state()); }
  /// The same, as if the guest were in that state: it is about to be, and nobody could tell later why it is.
  void save_status(const DomainPtr& domain, DomainState state);

 private:
  using RunPtr = std::shared_ptr<Run>;
  /// Of the control protocol, with all that debuggers need.
  static constexpr std::uint32_t kDebuggerVersion = 3;

  // launch.cpp
  asio::awaitable<void> launch(DomainPtr domain, RunPtr run);
  asio::awaitable<control::LaunchReport> start_monitor(DomainPtr domain, RunPtr run);
  asio::awaitable<control::Reply> ask_to_launch(DomainPtr domain, RunPtr run, control::Start message,
                                                std::chrono::seconds limit);
  void spawn_monitor(const DomainPtr& domain, const RunPtr& run, int log, const std::string& vmm);
  asio::awaitable<void> let_run(DomainPtr domain, RunPtr run);
  MonitorUid own_uid() const;
  std::set<std::uint32_t> asids_in_use() const;
  void take_firmware_event(const Run& run, const control::Event& event);
  std::exception_ptr better_reason(const Domain& domain, const Run& run,
                                   const std::exception_ptr& failure) const;
  void watch(const DomainPtr& domain, const RunPtr& run);
  asio::awaitable<void> stop_monitor(DomainPtr domain, RunPtr run);

  // borrowed.cpp: what libvirt's own daemons have for the guest. Each gives the definition with the files and
  // bridges in the place of volumes and networks, and notes in the run what it was told; the definition as it
  // is where the run is given up.
  asio::awaitable<DefinitionPtr> with_volumes(RunPtr run);
  asio::awaitable<DefinitionPtr> with_network_ports(RunPtr run);

  // transition.cpp
  std::string file(const Domain& domain, const char* suffix) const;
  [[nodiscard]] std::string channel_directory(const std::string& name, int id) const;
  void forget_files(const Domain& domain);

  // ending.cpp
  void monitor_ended(const DomainPtr& domain, const RunPtr& run, const MonitorEnd& end);
  /// The guest said that it panicked, and its monitor keeps it.
  void take_panic(const DomainPtr& domain, Run& run);
  /// The launch under way is done; a monitor that has ended by now is dealt with.
  void launched(const DomainPtr& domain, const RunPtr& run, bool paused);
  void begin_relaunch(const DomainPtr& domain, const RunPtr& run,
                      const std::optional<LifecycleEvent>& because);
  asio::awaitable<void> relaunch(DomainPtr domain, RunPtr old);
  /// Nothing where the run is no longer the domain's.
  void stop(const DomainPtr& domain, const RunPtr& run, const step::Stop& how);

  // job.cpp
  std::shared_ptr<Job> launch_job(const DomainPtr& domain);

  // destroy.cpp
  static void give_up_launch(const Domain& domain);
  void announce_destroy(const DomainPtr& domain);

  // adopt.cpp
  void sweep_state() const;
  void adopt(const Uuid& uuid, DomainStatus status);
  DefinitionPtr definition_from(const Uuid& uuid, const DomainStatus& status, std::string& problem) const;
  /// Throws Error(kResourceBusy) where a monitor that nobody holds still listens for this domain. Before
  /// anything of its is touched: a start that failed later would remove its socket.
  void refuse_beside_stray_monitor(const DomainPtr& domain);

  // autostart.cpp
  static asio::awaitable<void> autostart(Lifecycle* self, DomainPtr domain,
                                         std::shared_ptr<AutostartMark> mark);

  // reconnect.cpp
  asio::awaitable<void> reconnect(DomainPtr domain, RunPtr run, std::shared_ptr<DomainStatus> status);
  asio::awaitable<void> launch_anew(DomainPtr domain, RunPtr run, Process half_made);

  // agent.cpp
  asio::awaitable<UniqueFd> connect_to_agent(DomainPtr domain, std::size_t port);
  /// Without a limit, the command is not answered when it is done.
  asio::awaitable<std::optional<AgentValue>> talk_to_agent(DomainPtr domain, AgentCommand command,
                                                           std::optional<std::chrono::milliseconds> limit);

  // unanswered_shutdown.cpp
  void expect_shutdown(const DomainPtr& domain, const RunPtr& run);
  void watch_shutdown(const DomainPtr& domain, const RunPtr& run);

  // plug_device.cpp
  asio::awaitable<void> plug(DomainPtr domain, RunPtr run, domain_xml::LiveAttachment attachment);
  asio::awaitable<void> open_disk(std::shared_ptr<const domain_xml::LiveAttachment> plan,
                                  std::shared_ptr<OpenedDevice> opened, std::shared_ptr<Latch> given_up);
  asio::awaitable<void> open_interface(std::shared_ptr<const domain_xml::LiveAttachment> plan,
                                       std::shared_ptr<OpenedDevice> opened, std::shared_ptr<Latch> given_up);
  /// What a device that has gone had of the host.
  void forget_host_side(Run& run, const domain_xml::LiveDevice& device);
  void give_back(NetworkPorts ports);
  struct Detachment;
  asio::awaitable<void> detach(DomainPtr domain, std::uint32_t flags, std::shared_ptr<Detachment> what);
  /// Of what the guest does: it panicked, or has let go of a device.
  void take_guest_event(const DomainPtr& domain, const RunPtr& run, const control::Event& event);
  asio::awaitable<void> on_removed(DomainPtr domain, RunPtr run, std::string alias);
  /// The caller holds the domain's turn. Nothing where there is none of this alias behind a root port.
  asio::awaitable<void> forget_device(DomainPtr domain, RunPtr run, std::string alias);
  /// Those that went while nobody listened.
  asio::awaitable<void> forget_gone_devices(DomainPtr domain, RunPtr run, control::Status status);
  asio::awaitable<void> save_definition(DomainPtr domain, DefinitionPtr changed);

  // lateness.cpp
  void monitor_late(const DomainPtr& domain, const RunPtr& run, bool late);
  asio::awaitable<void> catch_up_late(DomainPtr domain, RunPtr run);
  asio::awaitable<void> learn_of_guest(DomainPtr domain, RunPtr run, bool tell);

  asio::awaitable<control::Reply> ask(RunPtr run, control::Request request);

  // cpu_pinning.cpp
  /// Of a guest that was launched, and does not run yet.
  asio::awaitable<void> place_vcpus(RunPtr run);
  asio::awaitable<std::vector<std::uint32_t>> vcpu_threads(RunPtr run);
  /// The definition with another placement; the flag: it is the running guest's.
  using PlacementChange =
      std::function<domain_xml::DomainDefinition(const domain_xml::DomainDefinition&, bool)>;
  asio::awaitable<void> change_placement(DomainPtr domain, std::uint32_t flags, PlacementChange change,
                                         std::function<asio::awaitable<void>(RunPtr)> place);
  /// debugging.cpp. The run of a domain whose monitor speaks this version of the control protocol.
  asio::awaitable<RunPtr> debuggable(DomainPtr domain, std::uint32_t version);

  Context& context_;
  std::shared_ptr<DumpsUnderWay> dumps_;
};

std::string what_of(const std::exception_ptr& failure);

/// Throws Error(kOperationFailed): the run that was asked for something is not the domain's any more.
[[noreturn]] void refuse_ended();

/// Throws Error(kOperationUnsupported) with the reason where the guest can not be launched again under its
/// owner's eyes: SEV-ES.
void refuse_es_reset(const Run& run, bool sev_es_relaunch, const std::string& operation);
/// What its definition, or for SEV-ES the site (`sev_es_relaunch`), wants at the guest's reboot.
bool restarts_at_reboot(const domain_xml::DomainDefinition& definition, bool sev_es_relaunch);
/// Throws Error(kConfigUnsupported) where the guest runs with a definition that no longer passes.
void refuse_relaunch(const Run& run);

}  // namespace virtsev::daemon
