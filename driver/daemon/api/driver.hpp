// SPDX-License-Identifier: LGPL-2.1-or-later
// What virtsevd can do, in C++ terms: libvirt's procedures (daemon/dispatch) are thin above it. All of it
// runs on the one event loop; what may wait is a coroutine. Failures are Error with libvirt's code and text.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <asio/awaitable.hpp>

#include "domain-xml/domain_definition.hpp"
#include "driver/daemon/api/guest_answers.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace asio {
class io_context;
}

namespace virtsev::daemon {

using domain_xml::Uuid;
struct Configuration;

/// How libvirt's protocol names a domain. id is -1 while inactive.
struct DomainHandle {
  std::string name;
  Uuid uuid{};
  int id = -1;
};

/// A typed parameter (virTypedParameter).
struct TypedParameter {
  std::string field;
  std::variant<std::int32_t, std::uint32_t, std::int64_t, std::uint64_t, double, bool, std::string> value;
};

/// virDomainInfo. Memory in KiB, time in ns, state as virDomainState.
struct DomainInfo {
  std::uint8_t state = 0;
  std::uint64_t max_memory_kib = 0, memory_kib = 0;
  std::uint16_t vcpus = 0;
  std::uint64_t cpu_time_ns = 0;
};
struct DomainState {
  std::int32_t state = 0, reason = 0;  ///< virDomainState and its reason enum
};
/// virDomainControlInfo.
struct ControlInfo {
  std::uint32_t state = 0, details = 0;  ///< virDomainControlState, virDomainControlErrorReason
  std::uint64_t milliseconds = 0;        ///< In this state, where it is neither OK nor an error
};
struct VcpuInfo {
  std::uint32_t number = 0;
  std::int32_t state = 0;  ///< virVcpuState
  std::uint64_t time_ns = 0;
  std::int32_t cpu = -1;
};
struct MemoryStatistic {
  std::int32_t tag = 0;
  std::uint64_t value = 0;
};
/// What is under way of a domain, and takes so long that clients ask how far it is.
struct JobInfo {
  std::int32_t operation = 0;  ///< virDomainJobOperation
  std::uint64_t elapsed_ms = 0;
  std::uint64_t total_bytes = 0, done_bytes = 0;  ///< Both 0: not known yet
};
/// What a disk has moved since its guest began.
struct BlockCounts {
  struct Kind {
    std::uint64_t requests = 0, bytes = 0, nanoseconds = 0;
  };
  Kind read, write, flush;
  std::uint64_t errors = 0;
};
/// What has gone over an interface since its guest began, as the guest sees it.
struct InterfaceCounts {
  struct Direction {
    std::uint64_t bytes = 0, packets = 0, errors = 0, drops = 0;
  };
  Direction received, sent;
};
/// virDomainBlockInfo, in bytes.
struct BlockInfo {
  std::uint64_t allocation = 0;  ///< What the image takes of its host's storage
  std::uint64_t capacity = 0;    ///< What the guest sees
  std::uint64_t physical = 0;    ///< What the image has
};
struct DomainStatistics {
  DomainHandle domain;
  std::vector<TypedParameter> parameters;
};
/// virNodeInfo.
struct NodeInfo {
  std::string model;
  std::uint64_t memory_kib = 0;
  std::int32_t cpus = 0, mhz = 0, nodes = 0, sockets = 0, cores = 0, threads = 0;
};
struct CpuMap {
  Bytes map;
  std::uint32_t online = 0;
  std::int32_t cpus = 0;
};

/// virDomainEventID and its content; sent in the order in which things happened.
struct LifecycleEvent {
  std::int32_t event = 0, detail = 0;
};
struct RebootEvent {};
struct MetadataChangeEvent {
  std::int32_t kind = 0;
  std::optional<std::string> uri;
};
/// Of a device of a running guest: it has come; it has gone; it was asked to go, and has not in time.
struct DeviceEvent {
  enum class What { kAdded, kRemoved, kRemovalFailed };
  What what = What::kAdded;
  std::string alias;
};
struct DomainEvent {
  DomainHandle domain;
  std::variant<LifecycleEvent, RebootEvent, MetadataChangeEvent, DeviceEvent> what;
};

/// Names a client connection, for autodestroy.
struct ConnectionId {
  std::uint64_t number = 0;
  ConnectionId() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): it is a number, under a name of its own
  constexpr ConnectionId(std::uint64_t connection) : number(connection) {}
  friend auto operator<=>(const ConnectionId&, const ConnectionId&) = default;
};

/// A call's flags, as libvirt has them for the function. Those that a call does not know are refused before
/// its method is called, by the mask in its row of the table of procedures.
struct Flags {
  std::uint32_t bits = 0;
  Flags() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): as above
  constexpr Flags(std::uint32_t value) : bits(value) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  constexpr operator std::uint32_t() const { return bits; }
};

class Driver {
 public:
  virtual ~Driver() = default;

  // The host
  virtual std::string hostname() = 0;
  virtual std::string capabilities() = 0;
  /// Null arguments: the client gave none.
  virtual std::string domain_capabilities(const std::optional<std::string>& emulator,
                                          const std::optional<std::string>& arch,
                                          const std::optional<std::string>& machine,
                                          const std::optional<std::string>& type) = 0;
  virtual NodeInfo node_info() = 0;
  virtual CpuMap node_cpu_map() = 0;
  /// pdh, cert-chain, cpu0-id, cbitpos, reduced-phys-bits, max-guests, max-es-guests, and virtsev's own
  /// (host/sev_host.hpp). kOperationUnsupported, saying what is missing, without SEV.
  virtual asio::awaitable<std::vector<TypedParameter>> sev_info() = 0;

  // Domains: finding
  virtual std::vector<DomainHandle> list_all(std::uint32_t filter) = 0;  ///< virConnectListAllDomainsFlags
  virtual DomainHandle lookup_by_name(const std::string& name) = 0;
  virtual DomainHandle lookup_by_uuid(const Uuid& uuid) = 0;
  virtual DomainHandle lookup_by_id(int id) = 0;

  // Domains: definitions
  virtual asio::awaitable<DomainHandle> define(std::string xml, Flags flags) = 0;
  virtual asio::awaitable<void> undefine(Uuid domain, Flags flags) = 0;
  virtual asio::awaitable<void> rename(Uuid domain, std::string new_name, Flags flags) = 0;
  virtual std::string xml(const Uuid& domain, Flags flags) = 0;
  /// The same; what only the monitor knows is asked for first.
  virtual asio::awaitable<std::string> current_xml(Uuid domain, Flags flags) = 0;
  virtual asio::awaitable<void> set_metadata(Uuid domain, std::int32_t kind, std::optional<std::string> value,
                                             std::optional<std::string> key, std::optional<std::string> uri,
                                             Flags flags) = 0;
  virtual std::string metadata(const Uuid& domain, std::int32_t kind, const std::optional<std::string>& uri,
                               Flags flags) = 0;
  virtual bool autostart(const Uuid& domain) = 0;
  virtual asio::awaitable<void> set_autostart(Uuid domain, bool on) = 0;
  virtual bool is_persistent(const Uuid& domain) = 0;
  // Of the stored definition alone: kNoSupport, with the reason, where the flags ask for a running guest.
  virtual asio::awaitable<void> set_vcpus(Uuid domain, std::uint32_t count, Flags flags) = 0;
  virtual asio::awaitable<void> set_memory(Uuid domain, std::uint64_t kib, Flags flags) = 0;
  /// `type`: virDomainLifecycle; `action`: virDomainLifecycleAction.
  virtual asio::awaitable<void> set_lifecycle_action(Uuid domain, std::uint32_t type, std::uint32_t action,
                                                     Flags flags) = 0;

  // Where threads run (<cputune>), of the running guest and of the stored definition.
  virtual asio::awaitable<void> pin_vcpu(Uuid domain, std::uint32_t vcpu, domain_xml::CpuSet cpus,
                                         Flags flags) = 0;
  virtual asio::awaitable<void> pin_emulator(Uuid domain, domain_xml::CpuSet cpus, Flags flags) = 0;
  /// What is said of it, by the flags; CPUs that the host does not have may be among them.
  virtual domain_xml::CpuPlacement cpu_placement(const Uuid& domain, Flags flags) = 0;

  // `device`: one element of <devices>.
  /// Into the stored definition and out of it, and of the running guest, where that has a slot for it
  /// (kOperationUnsupported). A guest that does not let go of a device in time still may: kOperationTimeout.
  virtual asio::awaitable<void> attach_device(Uuid domain, std::string device, Flags flags) = 0;
  virtual asio::awaitable<void> detach_device(Uuid domain, std::string device, Flags flags) = 0;
  /// The same, of the device of this alias, without waiting for the guest.
  virtual asio::awaitable<void> detach_device_alias(Uuid domain, std::string alias, Flags flags) = 0;
  /// The link state of an <interface>, of the running guest too; kOperationUnsupported for all else.
  virtual asio::awaitable<void> update_device(Uuid domain, std::string device, Flags flags) = 0;

  // Domains: life
  virtual asio::awaitable<DomainHandle> create(std::string xml, Flags flags, ConnectionId owner) = 0;
  virtual asio::awaitable<DomainHandle> start(Uuid domain, Flags flags, ConnectionId owner) = 0;
  virtual asio::awaitable<void> suspend(Uuid domain) = 0;
  virtual asio::awaitable<void> resume(Uuid domain) = 0;
  virtual asio::awaitable<void> shutdown(Uuid domain, Flags flags) = 0;
  virtual asio::awaitable<void> reboot(Uuid domain, Flags flags) = 0;
  virtual asio::awaitable<void> reset(Uuid domain, Flags flags) = 0;
  virtual asio::awaitable<void> destroy(Uuid domain, Flags flags) = 0;
  /// The client is gone: its autodestroy domains end.
  virtual void connection_closed(ConnectionId owner) = 0;

  // Domains: looking
  virtual DomainState state(const Uuid& domain) = 0;
  // Of a domain whose monitor does not answer soon, info(), vcpus(), memory_statistics() and statistics()
  // give what it said last.
  virtual asio::awaitable<DomainInfo> info(Uuid domain) = 0;
  virtual asio::awaitable<std::vector<VcpuInfo>> vcpus(Uuid domain) = 0;
  virtual asio::awaitable<std::vector<MemoryStatistic>> memory_statistics(Uuid domain) = 0;
  /// `disk`: its target ("vda"), or the path of its image. kOperationInvalid when inactive; kInvalidArgument
  /// where the domain has none of that name.
  virtual asio::awaitable<BlockCounts> block_counts(Uuid domain, std::string disk) = 0;
  /// `interface`: its tap device, or its MAC address. Refused as block_counts().
  virtual asio::awaitable<InterfaceCounts> interface_counts(Uuid domain, std::string interface) = 0;
  /// `disk` as above; of an inactive domain, too.
  virtual asio::awaitable<BlockInfo> block_info(Uuid domain, std::string disk, Flags flags) = 0;
  /// Whether the domain's monitor answers. kOperationInvalid when inactive.
  virtual ControlInfo control_info(const Uuid& domain) = 0;
  /// domstats: `groups` is virDomainStatsTypes, 0 for all. A domain that goes meanwhile is left out. Without
  /// `wait`, what virtsevd knows at once.
  virtual asio::awaitable<std::vector<DomainStatistics>> statistics(std::vector<Uuid> domains,
                                                                    std::uint32_t groups, bool wait) = 0;
  /// virDomainGetJobStats; nothing where nothing is under way. kOperationInvalid when inactive.
  virtual std::optional<JobInfo> job(const Uuid& domain) = 0;
  /// virDomainAbortJob: returns when it is over, or, where it waits for a file or a monitor that does not
  /// answer, some seconds later. kOperationInvalid where nothing is under way.
  virtual asio::awaitable<void> abort_job(Uuid domain) = 0;
  /// What dominfo shows as messages: taints and remarks, each a full sentence.
  virtual std::vector<std::string> messages(const Uuid& domain) = 0;

  /// virDomainMemoryPeek: `flags` is VIR_MEMORY_VIRTUAL or VIR_MEMORY_PHYSICAL. `size` bytes, or, for 0, none
  /// where they could be read. kOperationDenied where the guest's policy forbids it.
  virtual asio::awaitable<Bytes> memory_peek(Uuid domain, std::uint64_t address, std::uint32_t size,
                                             Flags flags) = 0;

  /// virDomainCoreDumpWithFormat: memory and registers as an ELF core file. `format`:
  /// virDomainCoreDumpFormat; `flags`: virDomainCoreDumpFlags. kOperationDenied where the guest's policy
  /// forbids it.
  virtual asio::awaitable<void> core_dump(Uuid domain, std::string file, std::uint32_t format,
                                          Flags flags) = 0;
  /// virDomainOpenChannel: a debugger's end of the channel virtsev.gdb, which speaks gdb's remote protocol.
  /// kOperationDenied where the guest's policy forbids it.
  virtual asio::awaitable<UniqueFd> open_channel(Uuid domain, std::optional<std::string> name) = 0;

  // The agent in the guest. kAgentUnresponsive, kAgentUnsynced: it says nothing, or nothing sensible.
  // kArgumentUnsupported: the definition has no channel for one; or what is asked for does not go through it.
  virtual asio::awaitable<std::string> guest_hostname(Uuid domain, Flags flags) = 0;
  virtual asio::awaitable<GuestTime> guest_time(Uuid domain) = 0;
  /// `flags`: VIR_DOMAIN_TIME_SYNC, the guest's own clock chip is asked instead.
  virtual asio::awaitable<void> set_guest_time(Uuid domain, std::int64_t seconds, std::uint32_t nanoseconds,
                                               Flags flags) = 0;
  /// `mount_point`: must be null, as the agent knows only all of them. `minimum`: bytes in one piece.
  virtual asio::awaitable<void> trim(Uuid domain, std::optional<std::string> mount_point,
                                     std::uint64_t minimum) = 0;
  /// How many file systems stand still, or go on, by it. `mount_points`: empty for all; thaw() takes no
  /// others.
  virtual asio::awaitable<std::int32_t> freeze(Uuid domain, std::vector<std::string> mount_points) = 0;
  virtual asio::awaitable<std::int32_t> thaw(Uuid domain, std::vector<std::string> mount_points) = 0;
  virtual asio::awaitable<std::vector<GuestFileSystem>> guest_file_systems(Uuid domain) = 0;
  virtual asio::awaitable<std::vector<GuestInterface>> guest_interfaces(Uuid domain) = 0;
  /// `flags`: VIR_DOMAIN_PASSWORD_ENCRYPTED, it is hashed as the guest's system hashes them.
  virtual asio::awaitable<void> set_user_password(Uuid domain, std::optional<std::string> user,
                                                  std::optional<std::string> password, Flags flags) = 0;
  /// virDomainGetGuestInfo. `types`: virDomainGuestInfoTypes; 0: what the agent can tell, and there is room
  /// for.
  virtual asio::awaitable<std::vector<TypedParameter>> guest_info(Uuid domain, std::uint32_t types) = 0;

  // The launch
  virtual std::vector<TypedParameter> launch_security_info(const Uuid& domain) = 0;
  virtual asio::awaitable<void> set_launch_security_state(Uuid domain,
                                                          std::vector<TypedParameter> parameters) = 0;

  /// The pty of the domain's console, opened non-blocking. `device`: an alias such as serial0; empty: the
  /// first. kOperationInvalid when inactive.
  virtual asio::awaitable<UniqueFd> open_console(Uuid domain, std::string device) = 0;

  /// Called for every event, on the event loop. One sink; set before anything runs.
  virtual void set_event_sink(std::function<void(const DomainEvent&)> sink) = 0;

  /// True while any guest runs (virtsevd's --timeout waits for that).
  [[nodiscard]] virtual bool any_active() const = 0;
};

}  // namespace virtsev::daemon
