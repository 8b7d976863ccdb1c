// SPDX-License-Identifier: LGPL-2.1-or-later
// The Driver: libvirt's calls, each to the part that does it.
#pragma once

#include "driver/daemon/api/driver.hpp"
#include "driver/daemon/host/host_facts.hpp"
#include "driver/daemon/lifecycle/context.hpp"
#include "driver/daemon/lifecycle/definitions.hpp"
#include "driver/daemon/lifecycle/lifecycle.hpp"

namespace virtsev::daemon {

class Hypervisor final : public Driver {
 public:
  /// The directories of `layout` must be there, and this process must hold the lock. Loads definitions, and
  /// finds running domains again.
  Hypervisor(asio::io_context& io, const Layout& layout, Configuration configuration);

  /// Starts the domains marked for it, the first time after the host's boot.
  void autostart() { lifecycle_.autostart_all(); }
  /// Before the loop is stopped: what is under way for clients, and would be cut off, ends.
  asio::awaitable<void> wind_up() { return lifecycle_.end_dumps(); }
  /// What starts from now on does so by these settings; what was read of host and platform is read again.
  void reconfigure(Configuration configuration);
  /// Called whenever a domain became inactive.
  void set_activity_observer(std::function<void()> observer) { context_.on_inactive = std::move(observer); }
  /// For tests (Context::observe_transition).
  void set_transition_observer(decltype(Context::observe_transition) observer) {
    context_.observe_transition = std::move(observer);
  }
  [[nodiscard]] const Configuration& configuration() const { return context_.configuration; }

  std::string hostname() override;
  std::string capabilities() override;
  std::string domain_capabilities(const std::optional<std::string>& emulator,
                                  const std::optional<std::string>& arch,
                                  const std::optional<std::string>& machine,
                                  const std::optional<std::string>& type) override;
  NodeInfo node_info() override;
  CpuMap node_cpu_map() override;
  asio::awaitable<std::vector<TypedParameter>> sev_info() override;

  std::vector<DomainHandle> list_all(std::uint32_t filter) override;
  DomainHandle lookup_by_name(const std::string& name) override;
  DomainHandle lookup_by_uuid(const Uuid& uuid) override;
  DomainHandle lookup_by_id(int id) override;

  asio::awaitable<DomainHandle> define(std::string xml, Flags flags) override;
  asio::awaitable<void> undefine(Uuid domain, Flags flags) override;
  asio::awaitable<void> rename(Uuid domain, std::string new_name, Flags flags) override;
  std::string xml(const Uuid& domain, Flags flags) override;
  asio::awaitable<std::string> current_xml(Uuid domain, Flags flags) override;
  asio::awaitable<void> set_metadata(Uuid domain, std::int32_t kind, std::optional<std::string> value,
                                     std::optional<std::string> key, std::optional<std::string> uri,
                                     Flags flags) override;
  std::string metadata(const Uuid& domain, std::int32_t kind, const std::optional<std::string>& uri,
                       Flags flags) override;
  bool autostart(const Uuid& domain) override;
  asio::awaitable<void> set_autostart(Uuid domain, bool on) override;
  bool is_persistent(const Uuid& domain) override;
  asio::awaitable<void> set_vcpus(Uuid domain, std::uint32_t count, Flags flags) override;
  asio::awaitable<void> set_memory(Uuid domain, std::uint64_t kib, Flags flags) override;
  asio::awaitable<void> set_lifecycle_action(Uuid domain, std::uint32_t type, std::uint32_t action,
                                             Flags flags) override;

  asio::awaitable<void> attach_device(Uuid domain, std::string device, Flags flags) override;
  asio::awaitable<void> detach_device(Uuid domain, std::string device, Flags flags) override;
  asio::awaitable<void> detach_device_alias(Uuid domain, std::string alias, Flags flags) override;
  asio::awaitable<void> update_device(Uuid domain, std::string device, Flags flags) override;
  asio::awaitable<void> pin_vcpu(Uuid domain, std::uint32_t vcpu, domain_xml::CpuSet cpus,
                                 Flags flags) override;
  asio::awaitable<void> pin_emulator(Uuid domain, domain_xml::CpuSet cpus, Flags flags) override;
  domain_xml::CpuPlacement cpu_placement(const Uuid& domain, Flags flags) override;

  asio::awaitable<DomainHandle> create(std::string xml, Flags flags, ConnectionId owner) override;
  asio::awaitable<DomainHandle> start(Uuid domain, Flags flags, ConnectionId owner) override;
  asio::awaitable<void> suspend(Uuid domain) override;
  asio::awaitable<void> resume(Uuid domain) override;
  asio::awaitable<void> shutdown(Uuid domain, Flags flags) override;
  asio::awaitable<void> reboot(Uuid domain, Flags flags) override;
  asio::awaitable<void> reset(Uuid domain, Flags flags) override;
  asio::awaitable<void> destroy(Uuid domain, Flags flags) override;
  void connection_closed(ConnectionId owner) override;

  DomainState state(const Uuid& domain) override;
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
  void set_event_sink(std::function<void(const DomainEvent&)> sink) override {
    context_.sink = std::move(sink);
  }
  [[nodiscard]] bool any_active() const override { return context_.domains.any_active(); }

 private:
  /// agent.cpp. One kind of what guest_info() tells.
  asio::awaitable<std::vector<TypedParameter>> guest_info_of_type(Uuid domain, std::uint32_t type);
  /// What an earlier virtsevd was killed over.
  void sweep_unfinished_files();
  /// A terminal of a console or channel, by its place among the definition's ports.
  asio::awaitable<UniqueFd> open_port(DomainPtr domain, std::size_t port);

  Context context_;
  Definitions definitions_;
  Lifecycle lifecycle_;
  HostFacts host_;
};

}  // namespace virtsev::daemon
