// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include <libvirt/libvirt.h>

#include "driver/daemon/dispatch/codec.hpp"
#include "driver/daemon/dispatch/handlers/handlers.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon::dispatch {

namespace {

/// A map of `size` bytes for each of these sets; an empty one is any CPU.
void put_maps(Request& request, const std::vector<domain_xml::CpuSet>& sets, std::int32_t size) {
  const std::int32_t host_cpus = std::max(request.driver.node_cpu_map().cpus, 0);
  domain_xml::CpuSet any;
  for (std::uint32_t cpu = 0; cpu < static_cast<std::uint32_t>(host_cpus); ++cpu) {
    any.push_back(cpu);
  }
  Bytes maps;
  maps.reserve(static_cast<std::size_t>(size) * sets.size());
  for (const domain_xml::CpuSet& cpus : sets) {
    Bytes map = domain_xml::mask_of(cpus.empty() ? any : cpus);
    map.resize(static_cast<std::size_t>(size));
    maps.insert(maps.end(), map.begin(), map.end());
  }
  request.out.put_opaque(maps);
}

/// Of the vCPUs from the first on.
std::vector<domain_xml::CpuSet> sets_of(const domain_xml::CpuPlacement& placement, std::uint32_t count) {
  std::vector<domain_xml::CpuSet> sets;
  for (std::uint32_t vcpu = 0; vcpu < count; ++vcpu) {
    sets.push_back(cpus_of_vcpu(placement, vcpu));
  }
  return sets;
}

}  // namespace

asio::awaitable<void> domain_get_max_memory(Request& request) {
  const Uuid domain = domain_argument(request);
  const DomainInfo info = co_await request.driver.info(domain);
  request.out.put_uint64(info.max_memory_kib);
}

asio::awaitable<void> domain_get_max_vcpus(Request& request) {
  const Uuid domain = domain_argument(request);
  const DomainInfo info = co_await request.driver.info(domain);
  request.out.put_int32(info.vcpus);
}

/// Current and greatest number are the same, live and in the definition: a launch measures its vCPUs.
asio::awaitable<void> domain_get_vcpus_flags(Request& request) {
  const Uuid domain = get_domain(request.in);
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  check_flags(
      request, flags,
      VIR_DOMAIN_VCPU_LIVE | VIR_DOMAIN_VCPU_CONFIG | VIR_DOMAIN_VCPU_MAXIMUM | VIR_DOMAIN_VCPU_GUEST);
  if ((flags & VIR_DOMAIN_VCPU_GUEST) != 0) {
    require_write_access(request);
    throw Error(ErrorCode::kNoSupport, text("virtsev does not ask the agent in the guest for its vCPUs"));
  }
  if ((flags & VIR_DOMAIN_VCPU_LIVE) != 0) {
    require_active(request, domain);
  }
  if ((flags & VIR_DOMAIN_VCPU_CONFIG) != 0 && !request.driver.is_persistent(domain)) {
    throw Error(ErrorCode::kOperationInvalid, text("a transient domain has no persistent definition"));
  }
  const DomainInfo info = co_await request.driver.info(domain);
  request.out.put_int32(info.vcpus);
}

asio::awaitable<void> domain_get_vcpus(Request& request) {
  constexpr std::uint32_t kMaxVcpus = 16384, kMaxMaps = 8388608;  // REMOTE_VCPUINFO_MAX, REMOTE_CPUMAPS_MAX
  const Uuid domain = get_domain(request.in);
  const std::int32_t max_info = request.in.get_int32();
  const std::int32_t map_size = request.in.get_int32();
  end_arguments(request);
  const std::uint32_t most = bounded(request, max_info, kMaxVcpus);
  bounded(request, map_size, kMaxMaps);
  bounded(request, std::int64_t{max_info} * map_size, kMaxMaps);
  const std::vector<VcpuInfo> vcpus = co_await request.driver.vcpus(domain);
  const std::size_t count = std::min<std::size_t>(vcpus.size(), most);
  request.out.put_uint32(static_cast<std::uint32_t>(count));
  for (std::size_t i = 0; i < count; ++i) {
    request.out.put_uint32(vcpus[i].number);
    request.out.put_int32(vcpus[i].state);
    request.out.put_uint64(vcpus[i].time_ns);
    request.out.put_int32(vcpus[i].cpu);
  }
  const domain_xml::CpuPlacement placement = request.driver.cpu_placement(domain, 0);
  put_maps(request, sets_of(placement, static_cast<std::uint32_t>(count)), map_size);
}

asio::awaitable<void> domain_get_vcpu_pin_info(Request& request) {
  constexpr std::uint32_t kMaxVcpus = 16384, kMaxMaps = 8388608;  // REMOTE_VCPUINFO_MAX, REMOTE_CPUMAPS_MAX
  const Uuid domain = get_domain(request.in);
  const std::int32_t max_maps = request.in.get_int32();
  const std::int32_t map_size = request.in.get_int32();
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  check_flags(request, flags, VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG);
  const std::uint32_t most = bounded(request, max_maps, kMaxVcpus);
  bounded(request, map_size, kMaxMaps);
  bounded(request, std::int64_t{max_maps} * map_size, kMaxMaps);
  const DomainInfo info = co_await request.driver.info(domain);
  const std::uint32_t count = std::min<std::uint32_t>(info.vcpus, most);
  put_maps(request, sets_of(request.driver.cpu_placement(domain, flags), count), map_size);
  request.out.put_int32(static_cast<std::int32_t>(count));
}

void domain_get_emulator_pin_info(Request& request) {
  constexpr std::uint32_t kMaxMap = 2048;  // REMOTE_CPUMAP_MAX
  const Uuid domain = get_domain(request.in);
  const std::int32_t map_size = request.in.get_int32();
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  check_flags(request, flags, VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG);
  bounded(request, map_size, kMaxMap);
  put_maps(request, {cpus_of_emulator(request.driver.cpu_placement(domain, flags))}, map_size);
  request.out.put_int32(1);  // As libvirt's QEMU driver answers: there is one map
}

asio::awaitable<void> domain_memory_stats(Request& request) {
  constexpr std::uint32_t kMaxStatistics = 1024;  // REMOTE_DOMAIN_MEMORY_STATS_MAX
  const Uuid domain = get_domain(request.in);
  const std::uint32_t wanted = request.in.get_uint32();
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  check_flags(request, flags, 0);
  const std::uint32_t most = bounded(request, wanted, kMaxStatistics);
  const std::vector<MemoryStatistic> statistics = co_await request.driver.memory_statistics(domain);
  const std::size_t count = std::min<std::size_t>(statistics.size(), most);
  request.out.put_uint32(static_cast<std::uint32_t>(count));
  for (std::size_t i = 0; i < count; ++i) {
    request.out.put_int32(statistics[i].tag);
    request.out.put_uint64(statistics[i].value);
  }
}

void domain_get_os_type(Request& request) {
  request.driver.lookup_by_uuid(domain_argument(request));
  request.out.put_string("hvm");
}

void domain_get_security_label(Request& request) {
  request.driver.lookup_by_uuid(domain_argument(request));
  put_chars(request.out, "");  // no security driver labels guests
  request.out.put_int32(0);
}

void domain_is_active(Request& request) {
  const DomainHandle domain = request.driver.lookup_by_uuid(domain_argument(request));
  request.out.put_int32(domain.id >= 0 ? 1 : 0);
}

void domain_get_messages(Request& request) {
  const Uuid domain = get_domain(request.in);
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  check_flags(request, flags, VIR_DOMAIN_MESSAGE_DEPRECATION | VIR_DOMAIN_MESSAGE_TAINTING);
  std::vector<std::string> messages = request.driver.messages(domain);
  if (flags == VIR_DOMAIN_MESSAGE_DEPRECATION) {
    messages.clear();  // what the driver has to say is about taints
  }
  messages.resize(std::min<std::size_t>(messages.size(), 2048));  // REMOTE_DOMAIN_MESSAGES_MAX
  put_names(request.out, messages);
}

}  // namespace virtsev::daemon::dispatch
