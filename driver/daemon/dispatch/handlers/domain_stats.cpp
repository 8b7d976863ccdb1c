// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <set>

#include <libvirt/libvirt.h>

#include "driver/daemon/dispatch/codec.hpp"
#include "driver/daemon/dispatch/handlers/handlers.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon::dispatch {

namespace {

constexpr std::uint32_t kOptions = VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT |
                                   VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING |
                                   VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS;
constexpr std::uint32_t kFilters =
    VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE | VIR_CONNECT_GET_ALL_DOMAINS_STATS_INACTIVE |
    VIR_CONNECT_GET_ALL_DOMAINS_STATS_PERSISTENT | VIR_CONNECT_GET_ALL_DOMAINS_STATS_TRANSIENT |
    VIR_CONNECT_GET_ALL_DOMAINS_STATS_RUNNING | VIR_CONNECT_GET_ALL_DOMAINS_STATS_PAUSED |
    VIR_CONNECT_GET_ALL_DOMAINS_STATS_SHUTOFF | VIR_CONNECT_GET_ALL_DOMAINS_STATS_OTHER;
/// What virtsev guests have.
constexpr std::uint32_t kGroups = VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_CPU_TOTAL |
                                  VIR_DOMAIN_STATS_BALLOON | VIR_DOMAIN_STATS_VCPU |
                                  VIR_DOMAIN_STATS_INTERFACE | VIR_DOMAIN_STATS_BLOCK;

/// Each domain once, however often the client named it.
std::vector<DomainHandle> named_domains(Request& request, const std::vector<Uuid>& wanted) {
  std::vector<DomainHandle> domains;
  std::set<Uuid> seen;
  for (const Uuid& uuid : wanted) {
    if (seen.insert(uuid).second) {
      domains.push_back(request.driver.lookup_by_uuid(uuid));
    }
  }
  return domains;
}

}  // namespace

asio::awaitable<void> connect_get_all_domain_stats(Request& request) {
  constexpr std::uint32_t kSmallestDomain = 24;  // an empty name, a uuid, an id
  std::vector<Uuid> wanted(request.in.get_count(kMaxList, kSmallestDomain));
  for (Uuid& uuid : wanted) {
    uuid = get_domain(request.in);
  }
  const std::uint32_t groups = request.in.get_uint32();
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  check_flags(request, flags, kFilters | kOptions);
  if ((flags & VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS) != 0 && (groups & ~kGroups) != 0) {
    throw Error(
        ErrorCode::kArgumentUnsupported,
        text("Stats types bits 0x{:x} are not supported by this daemon or hypervisor", groups & ~kGroups));
  }
  const std::vector<DomainHandle> domains =
      wanted.empty() ? request.driver.list_all(flags & kFilters) : named_domains(request, wanted);
  bounded(request, static_cast<std::int64_t>(domains.size()), kMaxList);
  std::vector<Uuid> uuids;
  for (const DomainHandle& domain : domains) {
    uuids.push_back(domain.uuid);
  }
  const bool wait = (flags & VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT) == 0;
  const std::vector<DomainStatistics> all =
      co_await request.driver.statistics(std::move(uuids), groups, wait);
  request.out.put_uint32(static_cast<std::uint32_t>(all.size()));
  for (const DomainStatistics& statistics : all) {
    put_domain(request.out, statistics.domain);
    put_typed_parameters(request.out, statistics.parameters, true);
  }
}

asio::awaitable<void> domain_block_stats_flags(Request& request) {
  constexpr std::uint32_t kMaxStatistics = 16;  // REMOTE_DOMAIN_BLOCK_STATS_PARAMETERS_MAX
  const Uuid domain = get_domain(request.in);
  std::string disk = get_text(request.in);
  const std::int32_t wanted = request.in.get_int32();
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  check_flags(request, flags, VIR_TYPED_PARAM_STRING_OKAY);
  bounded(request, wanted, kMaxStatistics);
  const BlockCounts counts = co_await request.driver.block_counts(domain, std::move(disk));
  const auto number = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  std::vector<TypedParameter> all = {
      {VIR_DOMAIN_BLOCK_STATS_READ_BYTES, number(counts.read.bytes)},
      {VIR_DOMAIN_BLOCK_STATS_READ_REQ, number(counts.read.requests)},
      {VIR_DOMAIN_BLOCK_STATS_READ_TOTAL_TIMES, number(counts.read.nanoseconds)},
      {VIR_DOMAIN_BLOCK_STATS_WRITE_BYTES, number(counts.write.bytes)},
      {VIR_DOMAIN_BLOCK_STATS_WRITE_REQ, number(counts.write.requests)},
      {VIR_DOMAIN_BLOCK_STATS_WRITE_TOTAL_TIMES, number(counts.write.nanoseconds)},
      {VIR_DOMAIN_BLOCK_STATS_FLUSH_REQ, number(counts.flush.requests)},
      {VIR_DOMAIN_BLOCK_STATS_FLUSH_TOTAL_TIMES, number(counts.flush.nanoseconds)},
      {VIR_DOMAIN_BLOCK_STATS_ERRS, number(counts.errors)}};
  const auto count = static_cast<std::int32_t>(all.size());
  all.resize(std::min<std::size_t>(all.size(), static_cast<std::size_t>(wanted)));
  put_typed_parameters(request.out, all, true);
  request.out.put_int32(wanted == 0 ? count : static_cast<std::int32_t>(all.size()));
}

asio::awaitable<void> domain_get_cpu_stats(Request& request) {
  constexpr std::uint32_t kMaxStatistics = 2048;  // REMOTE_DOMAIN_GET_CPU_STATS_MAX
  const Uuid domain = get_domain(request.in);
  const std::uint32_t most = request.in.get_uint32();
  const std::int32_t first_cpu = request.in.get_int32();
  const std::uint32_t cpus = request.in.get_uint32();
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  check_flags(request, flags, VIR_TYPED_PARAM_STRING_OKAY);
  const std::uint64_t all = std::min<std::uint64_t>(std::uint64_t{most} * cpus, kMaxStatistics + 1);
  bounded(request, static_cast<std::int64_t>(all), kMaxStatistics);
  require_active(request, domain);
  if (first_cpu >= 0) {
    // How many CPUs there are, or how many statistics of each.
    request.out.put_uint32(0);
    request.out.put_int32(most == 0 && cpus == 0 ? request.driver.node_cpu_map().cpus : 0);
    co_return;
  }
  const DomainInfo info = co_await request.driver.info(domain);
  const bool count_alone = most == 0;
  std::vector<TypedParameter> total{{VIR_DOMAIN_CPU_STATS_CPUTIME, info.cpu_time_ns}};
  if (count_alone) {
    total.clear();
  }
  put_typed_parameters(request.out, total, true);
  request.out.put_int32(1);
}

}  // namespace virtsev::daemon::dispatch
