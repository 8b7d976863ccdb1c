// SPDX-License-Identifier: LGPL-2.1-or-later
// The Driver's calls about domains as such: finding, defining, looking.
#include <algorithm>

#include <asio/steady_timer.hpp>
#include <libvirt/libvirt.h>

#include "driver/daemon/domains/flags.hpp"
#include "driver/daemon/hypervisor/hypervisor.hpp"
#include "driver/daemon/lifecycle/device_statistics.hpp"
#include "driver/daemon/lifecycle/launch_security.hpp"
#include "driver/daemon/lifecycle/statistics.hpp"
#include "driver/daemon/loop/latch.hpp"
#include "driver/daemon/loop/patient_calls.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

std::vector<domain_xml::LiveState::Port> live_ports(const Run& run) {
  std::vector<domain_xml::LiveState::Port> ports;
  for (std::size_t i = 0; i < run.ports.size() && i < run.definition->ports.size(); ++i) {
    domain_xml::LiveState::Port port{run.ports[i].path};
    const std::string id = alias_in_use(run.definition->ports[i]);
    if (run.known) {
      port.open = std::any_of(run.known->ports.begin(), run.known->ports.end(),
                              [&id](const control::PortFigures& each) { return each.id == id && each.open; });
    }
    ports.push_back(std::move(port));
  }
  return ports;
}

std::int32_t operation_of(Job::Kind kind) {
  return kind == Job::Kind::kDump ? VIR_DOMAIN_JOB_OPERATION_DUMP : VIR_DOMAIN_JOB_OPERATION_START;
}

}  // namespace

std::vector<DomainHandle> Hypervisor::list_all(std::uint32_t filter) {
  return context_.domains.matching(filter);
}
DomainHandle Hypervisor::lookup_by_name(const std::string& name) {
  return context_.domains.by_name(name)->handle();
}
DomainHandle Hypervisor::lookup_by_uuid(const Uuid& uuid) { return context_.domains.by_uuid(uuid)->handle(); }
DomainHandle Hypervisor::lookup_by_id(int id) { return context_.domains.by_id(id)->handle(); }

asio::awaitable<DomainHandle> Hypervisor::define(std::string xml, Flags flags) {
  return definitions_.define(std::move(xml), flags);
}
asio::awaitable<void> Hypervisor::undefine(Uuid domain, Flags) {
  return definitions_.undefine(context_.domains.by_uuid(domain));
}
asio::awaitable<void> Hypervisor::rename(Uuid domain, std::string new_name, Flags flags) {
  return definitions_.rename(context_.domains.by_uuid(domain), std::move(new_name), flags);
}
asio::awaitable<void> Hypervisor::set_autostart(Uuid domain, bool on) {
  return definitions_.set_autostart(context_.domains.by_uuid(domain), on);
}
asio::awaitable<void> Hypervisor::set_vcpus(Uuid domain, std::uint32_t count, Flags flags) {
  return definitions_.set_vcpus(context_.domains.by_uuid(domain), count, flags);
}
asio::awaitable<void> Hypervisor::set_memory(Uuid domain, std::uint64_t kib, Flags flags) {
  return definitions_.set_memory(context_.domains.by_uuid(domain), kib, flags);
}
asio::awaitable<void> Hypervisor::set_lifecycle_action(Uuid domain, std::uint32_t type, std::uint32_t action,
                                                       Flags flags) {
  return definitions_.set_lifecycle_action(context_.domains.by_uuid(domain), type, action, flags);
}
asio::awaitable<void> Hypervisor::attach_device(Uuid domain, std::string device, Flags flags) {
  return lifecycle_.attach_device(context_.domains.by_uuid(domain), std::move(device), flags);
}
asio::awaitable<void> Hypervisor::detach_device(Uuid domain, std::string device, Flags flags) {
  return lifecycle_.detach_device(context_.domains.by_uuid(domain), std::move(device), flags);
}
asio::awaitable<void> Hypervisor::detach_device_alias(Uuid domain, std::string alias, Flags flags) {
  return lifecycle_.detach_device_alias(context_.domains.by_uuid(domain), std::move(alias), flags);
}
asio::awaitable<void> Hypervisor::update_device(Uuid domain, std::string device, Flags flags) {
  return lifecycle_.update_device(context_.domains.by_uuid(domain), std::move(device), flags);
}
bool Hypervisor::autostart(const Uuid& domain) { return context_.domains.by_uuid(domain)->autostart; }
bool Hypervisor::is_persistent(const Uuid& domain) { return context_.domains.by_uuid(domain)->persistent; }

asio::awaitable<std::string> Hypervisor::current_xml(Uuid uuid, Flags flags) {
  const DomainPtr domain = context_.domains.by_uuid(uuid);
  if (domain->run && !domain->run->ports.empty() && (flags & VIR_DOMAIN_XML_INACTIVE) == 0) {
    co_await lifecycle_.ask_briefly(domain, true);
  }
  co_return xml(uuid, flags);
}

std::string Hypervisor::xml(const Uuid& uuid, Flags flags) {
  const DomainPtr domain = context_.domains.by_uuid(uuid);
  const bool inactive = (flags & VIR_DOMAIN_XML_INACTIVE) != 0;
  const DefinitionPtr definition = definition_of(*domain, inactive);
  if (!definition) {
    if (domain->stored_xml.empty()) {
      require_usable(*domain);
    }
    return domain->stored_xml;  // As it stands in the file, so that `virsh edit` can correct it
  }
  if (!domain->run || inactive) {
    return domain_xml::format(*definition);
  }
  domain_xml::LiveState live;
  live.id = domain->run->id;
  live.console_path = domain->run->console_path;
  live.ports = live_ports(*domain->run);
  live.taps = domain->run->taps;
  live.network_ports = domain->run->network_ports;
  if (!domain->run->launch.measurement.empty()) {
    live.c_bit_position = domain->run->launch.c_bit_position;
    live.reduced_phys_bits = domain->run->launch.reduced_phys_bits;
  }
  return domain_xml::format(*definition, &live);
}

asio::awaitable<void> Hypervisor::set_metadata(Uuid uuid, std::int32_t kind, std::optional<std::string> value,
                                               std::optional<std::string> key, std::optional<std::string> uri,
                                               Flags flags) {
  const DomainPtr domain = context_.domains.by_uuid(uuid);
  Definitions::Metadata metadata{kind, std::move(value), std::move(key), std::move(uri)};
  bool changed_live = false;
  co_await definitions_.set_metadata(domain, std::move(metadata), flags, changed_live);
  if (changed_live) {
    lifecycle_.save_status(domain);
  }
}

std::string Hypervisor::metadata(const Uuid& uuid, std::int32_t kind, const std::optional<std::string>& uri,
                                 Flags flags) {
  const DomainPtr domain = context_.domains.by_uuid(uuid);
  const Impact impact = impact_of(flags, *domain);
  if (impact.live && impact.config) {
    throw Error(ErrorCode::kInvalidArgument,
                text("invalid argument: --live and --config can't both be read at once"));
  }
  return domain_xml::metadata_of(impact.live ? *domain->run->definition : *domain->definition, kind,
                                 uri.value_or(""));
}

DomainState Hypervisor::state(const Uuid& domain) { return context_.domains.by_uuid(domain)->state(); }

asio::awaitable<DomainInfo> Hypervisor::info(Uuid uuid) {
  const DomainPtr domain = context_.domains.by_uuid(uuid);
  const auto status = co_await lifecycle_.ask_briefly(domain, true);
  co_return info_of(*domain, status);
}

asio::awaitable<void> Hypervisor::pin_vcpu(Uuid domain, std::uint32_t vcpu, domain_xml::CpuSet cpus,
                                           Flags flags) {
  return lifecycle_.pin_vcpu(context_.domains.by_uuid(domain), vcpu, std::move(cpus), flags);
}

asio::awaitable<void> Hypervisor::pin_emulator(Uuid domain, domain_xml::CpuSet cpus, Flags flags) {
  return lifecycle_.pin_emulator(context_.domains.by_uuid(domain), std::move(cpus), flags);
}

domain_xml::CpuPlacement Hypervisor::cpu_placement(const Uuid& uuid, Flags flags) {
  const DomainPtr domain = context_.domains.by_uuid(uuid);
  const Impact impact = impact_of(flags, *domain);
  return (impact.live ? domain->run->definition : domain->definition)->cpu_placement;
}

asio::awaitable<std::vector<VcpuInfo>> Hypervisor::vcpus(Uuid uuid) {
  const DomainPtr domain = context_.domains.by_uuid(uuid);
  require_active(*domain);
  const auto status = co_await lifecycle_.ask_briefly(domain, true);
  co_return vcpus_of(*domain, status);
}

asio::awaitable<std::vector<MemoryStatistic>> Hypervisor::memory_statistics(Uuid uuid) {
  const DomainPtr domain = context_.domains.by_uuid(uuid);
  require_active(*domain);
  const auto status = co_await lifecycle_.ask_briefly(domain, true);
  co_return memory_statistics_of(*domain, status);
}

asio::awaitable<BlockCounts> Hypervisor::block_counts(Uuid uuid, std::string disk) {
  const DomainPtr domain = context_.domains.by_uuid(uuid);
  require_active(*domain);
  const auto status = co_await lifecycle_.ask_briefly(domain, true);
  require_active(*domain);
  co_return block_counts_of(*domain, status, disk);
}

asio::awaitable<InterfaceCounts> Hypervisor::interface_counts(Uuid uuid, std::string interface) {
  const DomainPtr domain = context_.domains.by_uuid(uuid);
  require_active(*domain);
  const auto status = co_await lifecycle_.ask_briefly(domain, true);
  require_active(*domain);
  co_return interface_counts_of(*domain, status, interface);
}

asio::awaitable<BlockInfo> Hypervisor::block_info(Uuid uuid, std::string disk, Flags /*flags*/) {
  constexpr std::chrono::seconds kLimit{2};
  const DomainPtr domain = context_.domains.by_uuid(uuid);
  const DefinitionPtr definition = definition_of(*domain, false);
  if (!definition) {
    require_usable(*domain);
  }
  const std::string path = co_await lifecycle_.image_path(domain, disk_named(*definition, disk));
  if (path.empty()) {
    throw Error(ErrorCode::kOperationInvalid, text("the drive '{}' has no disc in it", disk));
  }
  Latch given_up(context_.io.get_executor());
  asio::steady_timer limit(context_.io, kLimit);
  limit.async_wait([&given_up](const std::error_code& error) {
    if (!error) {
      given_up.fire();
    }
  });
  const auto info = std::make_shared<BlockInfo>();
  std::function<void()> look = [path, info] { *info = block_info_of(path); };
  if (!co_await context_.user_files.run(std::move(look), given_up)) {
    throw Error(ErrorCode::kOperationTimeout,
                text("the image '{}' has not answered for {} s: the server that it lies on may be gone", path,
                     kLimit.count()));
  }
  co_return *info;
}

ControlInfo Hypervisor::control_info(const Uuid& domain) {
  return control_info_of(*context_.domains.by_uuid(domain));
}

asio::awaitable<std::vector<DomainStatistics>> Hypervisor::statistics(std::vector<Uuid> uuids,
                                                                      std::uint32_t groups, bool wait) {
  std::vector<DomainPtr> domains;
  for (const Uuid& uuid : uuids) {
    domains.push_back(context_.domains.by_uuid(uuid));
  }
  const std::vector<MaybeStatus> answers = co_await lifecycle_.poll(domains, wait);
  std::vector<DomainStatistics> all;
  for (std::size_t i = 0; i < domains.size(); ++i) {
    if (!domains[i]->removed) {
      all.push_back({domains[i]->handle(), statistics_of(*domains[i], answers[i], groups)});
    }
  }
  co_return all;
}

std::optional<JobInfo> Hypervisor::job(const Uuid& uuid) {
  const DomainPtr domain = context_.domains.by_uuid(uuid);
  require_active(*domain);
  const Job* const job = domain->job.get();
  if (job == nullptr) {
    return std::nullopt;
  }
  const auto& [done, total] = job->progress();
  return JobInfo{operation_of(job->kind()), static_cast<std::uint64_t>(job->elapsed().count()), total, done};
}

asio::awaitable<void> Hypervisor::abort_job(Uuid domain) {
  return lifecycle_.abort_job(context_.domains.by_uuid(domain));
}

std::vector<std::string> Hypervisor::messages(const Uuid& domain) {
  return messages_of(*context_.domains.by_uuid(domain), context_.configuration);
}

asio::awaitable<Bytes> Hypervisor::memory_peek(Uuid uuid, std::uint64_t address, std::uint32_t size,
                                               Flags flags) {
  check_flags(flags, VIR_MEMORY_VIRTUAL | VIR_MEMORY_PHYSICAL, "virDomainMemoryPeek");
  if (flags != VIR_MEMORY_VIRTUAL && flags != VIR_MEMORY_PHYSICAL) {
    throw Error(ErrorCode::kInvalidArgument,
                text("invalid argument: flags parameter must be VIR_MEMORY_VIRTUAL or VIR_MEMORY_PHYSICAL"));
  }
  const auto kind =
      flags == VIR_MEMORY_VIRTUAL ? control::AddressKind::kVirtual : control::AddressKind::kPhysical;
  return lifecycle_.read_memory(context_.domains.by_uuid(uuid), kind, address, size);
}

asio::awaitable<void> Hypervisor::core_dump(Uuid domain, std::string file, std::uint32_t format,
                                            Flags flags) {
  return lifecycle_.core_dump(context_.domains.by_uuid(domain), std::move(file), format, flags);
}

std::vector<TypedParameter> Hypervisor::launch_security_info(const Uuid& domain) {
  return launch_security_parameters(*context_.domains.by_uuid(domain));
}

}  // namespace virtsev::daemon
