// SPDX-License-Identifier: LGPL-2.1-or-later
// A Driver without guests: domains as libvirt's rules have them, each running one with a real pty. For tests
// of what stands above a Driver.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <asio/any_io_executor.hpp>

#include "driver/daemon/api/driver.hpp"
#include "driver/rpc/gate.hpp"

namespace virtsev::daemon::test {

class FakeDriver final : public Driver {
 public:
  explicit FakeDriver(const asio::any_io_executor& executor) : suspended_calls_(executor) {}

  struct Domain {
    std::string name, xml;
    Uuid uuid{};
    int id = -1;
    bool persistent = false, autostart = false;
    DomainState state{5, 0};  // shut off
    std::map<std::int32_t, std::string> metadata;
    ConnectionId owner = 0;  ///< 0: outlives its connection
    UniqueFd console;        ///< The guest's end of the pty
    UniqueFd console_other;  ///< Keeps the other end open: without it the guest's reports an error while
                             ///< nobody looks
    std::function<void()> on_end;
    std::vector<TypedParameter> secret;
  };

  /// Looked at, and changed, by tests.
  std::map<Uuid, Domain> domains;
  std::vector<std::string> calls;  ///< The coroutines that were entered, by name
  bool hold = false;               ///< suspend() waits until release()
  std::function<void(Domain&)> on_started;
  std::set<ConnectionId> closed_connections;
  std::optional<JobInfo> under_way;  ///< What is under way of each active domain
  UniqueFd channel;                  ///< The other end of the last one that was opened

  Domain& by_name(const std::string& name);
  Domain& add(const std::string& name);
  void release();
  void emit(const DomainEvent& event);
  /// The guest ends by itself.
  void crash(Domain& domain);

  std::string hostname() override { return "fake.example"; }
  std::string capabilities() override;
  std::string domain_capabilities(const std::optional<std::string>& emulator,
                                  const std::optional<std::string>& arch,
                                  const std::optional<std::string>& machine,
                                  const std::optional<std::string>& type) override;
  NodeInfo node_info() override;
  CpuMap node_cpu_map() override { return {{0x0f}, 4, 4}; }
  asio::awaitable<std::vector<TypedParameter>> sev_info() override;
  std::vector<DomainHandle> list_all(std::uint32_t filter) override;
  DomainHandle lookup_by_name(const std::string& name) override;
  DomainHandle lookup_by_uuid(const Uuid& uuid) override;
  DomainHandle lookup_by_id(int id) override;
  asio::awaitable<DomainHandle> define(std::string xml, Flags flags) override;
  asio::awaitable<void> undefine(Uuid domain, Flags flags) override;
  asio::awaitable<void> rename(Uuid domain, std::string new_name, Flags flags) override;
  std::string xml(const Uuid& domain, Flags flags) override;
  asio::awaitable<std::string> current_xml(Uuid domain, Flags flags) override {
    co_return xml(domain, flags);
  }
  asio::awaitable<void> set_metadata(Uuid domain, std::int32_t kind, std::optional<std::string> value,
                                     std::optional<std::string> key, std::optional<std::string> uri,
                                     Flags flags) override;
  std::string metadata(const Uuid& domain, std::int32_t kind, const std::optional<std::string>& uri,
                       Flags flags) override;
  bool autostart(const Uuid& domain) override;
  asio::awaitable<void> set_autostart(Uuid domain, bool on) override;
  bool is_persistent(const Uuid& domain) override;
  domain_xml::CpuPlacement placement;
  asio::awaitable<void> pin_vcpu(Uuid domain, std::uint32_t vcpu, domain_xml::CpuSet cpus,
                                 Flags flags) override;
  asio::awaitable<void> pin_emulator(Uuid domain, domain_xml::CpuSet cpus, Flags flags) override;
  domain_xml::CpuPlacement cpu_placement(const Uuid& domain, Flags flags) override;
  asio::awaitable<void> set_vcpus(Uuid domain, std::uint32_t count, Flags flags) override;
  asio::awaitable<void> set_memory(Uuid domain, std::uint64_t kib, Flags flags) override;
  asio::awaitable<void> set_lifecycle_action(Uuid domain, std::uint32_t type, std::uint32_t action,
                                             Flags flags) override;
  asio::awaitable<void> attach_device(Uuid domain, std::string device, Flags flags) override;
  asio::awaitable<void> detach_device(Uuid domain, std::string device, Flags flags) override;
  asio::awaitable<void> detach_device_alias(Uuid domain, std::string alias, Flags flags) override;
  asio::awaitable<void> update_device(Uuid domain, std::string device, Flags flags) override;
  asio::awaitable<DomainHandle> create(std::string xml, Flags flags, ConnectionId owner) override;
  asio::awaitable<DomainHandle> start(Uuid domain, Flags flags, ConnectionId owner) override;
  asio::awaitable<void> suspend(Uuid domain) override;
  asio::awaitable<void> resume(Uuid domain) override;
  asio::awaitable<void> shutdown(Uuid domain, Flags flags) override;
  asio::awaitable<void> reboot(Uuid domain, Flags flags) override;
  asio::awaitable<void> reset(Uuid domain, Flags flags) override;
  asio::awaitable<void> destroy(Uuid domain, Flags flags) override;
  void connection_closed(ConnectionId owner) override;
  DomainState state(const Uuid& domain) override { return find(domain).state; }
  asio::awaitable<DomainInfo> info(Uuid domain) override;
  asio::awaitable<std::vector<VcpuInfo>> vcpus(Uuid domain) override;
  asio::awaitable<std::vector<MemoryStatistic>> memory_statistics(Uuid domain) override;
  asio::awaitable<BlockCounts> block_counts(Uuid domain, std::string disk) override;
  asio::awaitable<InterfaceCounts> interface_counts(Uuid domain, std::string interface) override;
  asio::awaitable<BlockInfo> block_info(Uuid domain, std::string disk, Flags flags) override;
  ControlInfo control_info(const Uuid& domain) override;
  asio::awaitable<std::vector<DomainStatistics>> statistics(std::vector<Uuid> domains, std::uint32_t groups,
                                                            bool wait) override;
  std::optional<JobInfo> job(const Uuid& domain) override;
  asio::awaitable<void> abort_job(Uuid domain) override;
  std::vector<std::string> messages(const Uuid& domain) override;
  asio::awaitable<Bytes> memory_peek(Uuid domain, std::uint64_t address, std::uint32_t size,
                                     Flags flags) override;
  asio::awaitable<void> core_dump(Uuid domain, std::string file, std::uint32_t format, Flags flags) override;
  asio::awaitable<UniqueFd> open_channel(Uuid domain, std::optional<std::string> name) override;
  // The agent in each running guest: fake_driver_agent.cpp.
  asio::awaitable<std::string> guest_hostname(Uuid domain, Flags flags) override;
  asio::awaitable<GuestTime> guest_time(Uuid domain) override;
  asio::awaitable<void> set_guest_time(Uuid domain, std::int64_t seconds, std::uint32_t nanoseconds,
                                       Flags flags) override;
  asio::awaitable<void> trim(Uuid domain, std::optional<std::string> mount_point,
                             std::uint64_t minimum) override;
  asio::awaitable<std::int32_t> freeze(Uuid domain, std::vector<std::string> mount_points) override;
  asio::awaitable<std::int32_t> thaw(Uuid domain, std::vector<std::string> mount_points) override;
  asio::awaitable<std::vector<GuestFileSystem>> guest_file_systems(Uuid domain) override;
  asio::awaitable<std::vector<GuestInterface>> guest_interfaces(Uuid domain) override;
  asio::awaitable<void> set_user_password(Uuid domain, std::optional<std::string> user,
                                          std::optional<std::string> password, Flags flags) override;
  asio::awaitable<std::vector<TypedParameter>> guest_info(Uuid domain, std::uint32_t types) override;
  std::vector<TypedParameter> launch_security_info(const Uuid& domain) override;
  asio::awaitable<void> set_launch_security_state(Uuid domain,
                                                  std::vector<TypedParameter> parameters) override;
  asio::awaitable<UniqueFd> open_console(Uuid domain, std::string device) override;
  void set_event_sink(std::function<void(const DomainEvent&)> sink) override { sink_ = std::move(sink); }
  [[nodiscard]] bool any_active() const override;

 private:
  static DomainHandle handle_of(const Domain& domain) { return {domain.name, domain.uuid, domain.id}; }
  Domain& find(const Uuid& uuid);
  Domain& find_active(const Uuid& uuid);
  Domain& take_in(const std::string& xml);
  void begin(Domain& domain, Flags flags, ConnectionId owner);
  void end(Domain& domain, std::int32_t reason, std::int32_t detail);
  void emit_lifecycle(const Domain& domain, std::int32_t event, std::int32_t detail);

  rpc::Gate suspended_calls_;
  std::function<void(const DomainEvent&)> sink_;
  int last_id_ = 0;
};

/// A uuid that tests recognise: sixteen times `byte`.
Uuid uuid_of(std::uint8_t byte);

}  // namespace virtsev::daemon::test
