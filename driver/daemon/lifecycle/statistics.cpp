// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/lifecycle/statistics.hpp"

#include <numeric>

#include <libvirt/libvirt.h>

#include "driver/daemon/domains/flags.hpp"
#include "driver/daemon/files/read_file.hpp"
#include "driver/daemon/lifecycle/definitions.hpp"
#include "driver/daemon/lifecycle/device_statistics.hpp"
#include "sevcore/base/stat_field.hpp"

namespace virtsev::daemon {
namespace {

constexpr std::uint64_t kKib = 1024;

std::uint64_t total_time(const MaybeStatus& status) {
  return status ? std::accumulate(status->vcpu_time_ns.begin(), status->vcpu_time_ns.end(), std::uint64_t{0})
                : 0;
}

// The processor on which a thread of the monitor last ran. The monitor names the
// threads, so the process is looked for under its own pid alone.
std::int32_t processor_of(pid_t pid, std::uint32_t thread) {
  const std::string stat =
      read_small("/proc/" + std::to_string(pid) + "/task/" + std::to_string(thread) + "/stat");
  constexpr int kProcessor = 39;
  const std::optional<std::uint64_t> cpu = stat_field(stat, kProcessor);
  return cpu ? static_cast<std::int32_t>(*cpu) : -1;
}

std::uint32_t vcpu_count(const Domain& domain) {
  const DefinitionPtr definition = definition_of(domain, false);
  return definition ? definition->vcpus : 0;
}

std::uint64_t memory_kib(const Domain& domain) {
  const DefinitionPtr definition = definition_of(domain, false);
  return definition ? definition->memory_bytes / kKib : 0;
}

std::string numbered(std::uint32_t number, const char* field) {
  return "vcpu." + std::to_string(number) + "." + field;
}

void add_vcpus(std::vector<TypedParameter>& out, const Domain& domain, const MaybeStatus& status) {
  const std::uint32_t count = vcpu_count(domain);
  out.push_back({"vcpu.current", count});
  out.push_back({"vcpu.maximum", count});
  for (const VcpuInfo& vcpu : vcpus_of(domain, status)) {
    out.push_back({numbered(vcpu.number, "state"), vcpu.state});
    if (status) {
      out.push_back({numbered(vcpu.number, "time"), vcpu.time_ns});
    }
  }
}

}  // namespace

ControlInfo control_info_of(const Domain& domain) {
  require_active(domain);
  const Monitor* const monitor = domain.run->monitor.get();
  if (monitor == nullptr && is_in_transit(domain.life)) {
    return {};  // Not born yet: nothing could be asked of it
  }
  if (monitor == nullptr || !monitor->connected()) {
    return {VIR_DOMAIN_CONTROL_ERROR, VIR_DOMAIN_CONTROL_ERROR_REASON_MONITOR, 0};
  }
  const auto owed = static_cast<std::uint64_t>(monitor->owes_for().count());
  return {owed > 0 ? std::uint32_t{VIR_DOMAIN_CONTROL_OCCUPIED} : std::uint32_t{VIR_DOMAIN_CONTROL_OK}, 0,
          owed};
}

DomainInfo info_of(const Domain& domain, const MaybeStatus& status) {
  DomainInfo info;
  info.state = static_cast<std::uint8_t>(domain.state().state);
  info.max_memory_kib = memory_kib(domain);
  info.memory_kib = info.max_memory_kib;  // No balloon: a guest has all of its memory
  info.vcpus = static_cast<std::uint16_t>(vcpu_count(domain));
  info.cpu_time_ns = total_time(status);
  return info;
}

std::vector<VcpuInfo> vcpus_of(const Domain& domain, const MaybeStatus& status) {
  std::vector<VcpuInfo> vcpus;
  if (!domain.active()) {
    return vcpus;
  }
  const std::uint32_t count = vcpu_count(domain);
  for (std::uint32_t i = 0; i < count; ++i) {
    VcpuInfo vcpu;
    vcpu.number = i;
    vcpu.state = VIR_VCPU_RUNNING;
    if (status && i < status->vcpu_time_ns.size()) {
      vcpu.time_ns = status->vcpu_time_ns[i];
    }
    if (status && i < status->vcpu_threads.size() && domain.run->monitor) {
      vcpu.cpu = processor_of(domain.run->monitor->process().pid, status->vcpu_threads[i]);
    }
    vcpus.push_back(vcpu);
  }
  return vcpus;
}

std::vector<MemoryStatistic> memory_statistics_of(const Domain& domain, const MaybeStatus& status) {
  std::vector<MemoryStatistic> statistics = {{VIR_DOMAIN_MEMORY_STAT_ACTUAL_BALLOON, memory_kib(domain)}};
  if (status) {
    statistics.push_back({VIR_DOMAIN_MEMORY_STAT_RSS, status->resident_bytes / kKib});
  }
  return statistics;
}

std::vector<TypedParameter> statistics_of(const Domain& domain, const MaybeStatus& status,
                                          std::uint32_t groups) {
  const auto wanted = [groups](std::uint32_t group) { return groups == 0 || (groups & group) != 0; };
  std::vector<TypedParameter> out;
  if (wanted(VIR_DOMAIN_STATS_STATE)) {
    out.push_back({"state.state", domain.state().state});
    out.push_back({"state.reason", domain.state().reason});
  }
  if (wanted(VIR_DOMAIN_STATS_CPU_TOTAL) && status) {
    out.push_back({"cpu.time", total_time(status)});
  }
  if (wanted(VIR_DOMAIN_STATS_BALLOON)) {
    if (domain.active()) {
      out.push_back({"balloon.current", memory_kib(domain)});
    }
    out.push_back({"balloon.maximum", memory_kib(domain)});
    if (status) {
      out.push_back({"balloon.rss", status->resident_bytes / kKib});
    }
  }
  if (wanted(VIR_DOMAIN_STATS_VCPU)) {
    add_vcpus(out, domain, status);
  }
  if (wanted(VIR_DOMAIN_STATS_INTERFACE)) {
    add_interfaces(out, domain, status);
  }
  if (wanted(VIR_DOMAIN_STATS_BLOCK)) {
    add_disks(out, domain, status);
  }
  return out;
}

}  // namespace virtsev::daemon
