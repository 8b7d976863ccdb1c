// SPDX-License-Identifier: LGPL-2.1-or-later
// The fake's host, and what its domains say of themselves: made up, of the right form.
#include <libvirt/libvirt.h>
#include <sys/socket.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "tests/driver/daemon/dispatch/fake_driver.hpp"

namespace virtsev::daemon::test {

std::string FakeDriver::capabilities() {
  return "<capabilities><host><cpu><arch>x86_64</arch></cpu></host>"
         "<guest><os_type>hvm</os_type><arch name='x86_64'><wordsize>64</wordsize><domain "
         "type='kvm'/></arch></guest>"
         "</capabilities>";
}

std::string FakeDriver::domain_capabilities(const std::optional<std::string>&,
                                            const std::optional<std::string>&,
                                            const std::optional<std::string>&,
                                            const std::optional<std::string>& type) {
  if (type && *type != "kvm") {
    throw Error(ErrorCode::kInvalidArgument, text("there is no domain type {}", *type));
  }
  return "<domainCapabilities><domain>kvm</domain><vcpu max='64'/>"
         "<features><sev "
         "supported='yes'><cbitpos>51</cbitpos><reducedPhysBits>1</reducedPhysBits></sev></features>"
         "</domainCapabilities>";
}

NodeInfo FakeDriver::node_info() {
  NodeInfo info;
  info.model = "x86_64";
  info.memory_kib = 8192;
  info.cpus = 4;
  info.mhz = 2000;
  info.nodes = 1;
  info.sockets = 1;
  info.cores = 4;
  info.threads = 1;
  return info;
}

asio::awaitable<std::vector<TypedParameter>> FakeDriver::sev_info() {
  std::vector<TypedParameter> all{{"pdh", std::string("cGRo")},
                                  {"cert-chain", std::string("Y2hhaW4=")},
                                  {"cbitpos", 51U},
                                  {"reduced-phys-bits", 1U},
                                  {"max-guests", 410U},
                                  {"max-es-guests", 99U}};
  co_return all;
}

asio::awaitable<DomainInfo> FakeDriver::info(Uuid uuid) {
  calls.emplace_back("info");
  const Domain& domain = find(uuid);
  DomainInfo info;
  info.state = static_cast<std::uint8_t>(domain.state.state);
  info.max_memory_kib = 524288;
  info.memory_kib = 262144;
  info.vcpus = 2;
  info.cpu_time_ns = domain.id >= 0 ? 1500000000 : 0;
  co_return info;
}

asio::awaitable<std::vector<VcpuInfo>> FakeDriver::vcpus(Uuid uuid) {
  calls.emplace_back("vcpus");
  find_active(uuid);
  std::vector<VcpuInfo> all{{0, VIR_VCPU_RUNNING, 1000000000, 1}, {1, VIR_VCPU_RUNNING, 500000000, 3}};
  co_return all;
}

asio::awaitable<std::vector<MemoryStatistic>> FakeDriver::memory_statistics(Uuid uuid) {
  calls.emplace_back("memory_statistics");
  find_active(uuid);
  std::vector<MemoryStatistic> all{{VIR_DOMAIN_MEMORY_STAT_ACTUAL_BALLOON, 262144},
                                   {VIR_DOMAIN_MEMORY_STAT_RSS, 12345}};
  co_return all;
}

asio::awaitable<BlockCounts> FakeDriver::block_counts(Uuid uuid, std::string disk) {
  calls.push_back("block_counts " + disk);
  find_active(uuid);
  co_return BlockCounts{{1, 4096, 10}, {2, 8192, 20}, {3, 0, 30}, 4};
}

asio::awaitable<InterfaceCounts> FakeDriver::interface_counts(Uuid uuid, std::string interface) {
  calls.push_back("interface_counts " + interface);
  find_active(uuid);
  co_return InterfaceCounts{{100, 2, 3, 4}, {500, 6, 7, 8}};
}

asio::awaitable<BlockInfo> FakeDriver::block_info(Uuid uuid, std::string disk, Flags) {
  calls.push_back("block_info " + disk);
  find(uuid);
  co_return BlockInfo{512, 4096, 1024};
}

asio::awaitable<std::vector<DomainStatistics>> FakeDriver::statistics(std::vector<Uuid> uuids, std::uint32_t,
                                                                      bool wait) {
  calls.emplace_back(wait ? "statistics" : "statistics at once");
  std::vector<DomainStatistics> all;
  for (const Uuid& uuid : uuids) {
    const Domain& domain = find(uuid);
    all.push_back({handle_of(domain),
                   {{"state.state", domain.state.state},
                    {"cpu.time", std::uint64_t{1500000000}},
                    {"vcpu.current", 2U},
                    {"fake.text", std::string("said")}}});
  }
  co_return all;
}

std::optional<JobInfo> FakeDriver::job(const Uuid& uuid) {
  find_active(uuid);
  return under_way;
}

asio::awaitable<void> FakeDriver::abort_job(Uuid uuid) {
  calls.emplace_back("abort_job");
  find_active(uuid);
  if (!under_way) {
    throw Error(ErrorCode::kOperationInvalid, text("no job is active on the domain"));
  }
  under_way.reset();
  co_return;
}

std::vector<std::string> FakeDriver::messages(const Uuid& uuid) {
  find(uuid);
  return {"tainted: the policy lets the host read the guest"};
}

asio::awaitable<Bytes> FakeDriver::memory_peek(Uuid uuid, std::uint64_t address, std::uint32_t size,
                                               Flags flags) {
  calls.emplace_back("memory_peek");
  find_active(uuid);
  if (flags != VIR_MEMORY_PHYSICAL) {
    throw Error(ErrorCode::kOperationUnsupported, text("the fake has no page tables"));
  }
  Bytes memory(size);
  for (std::uint32_t i = 0; i < size; ++i) {
    memory[i] = static_cast<std::uint8_t>(address + i);
  }
  co_return memory;
}

asio::awaitable<void> FakeDriver::core_dump(Uuid uuid, std::string file, std::uint32_t format, Flags flags) {
  calls.push_back("core_dump " + file + " " + std::to_string(format) + " " + std::to_string(flags));
  find_active(uuid);
  co_return;
}

asio::awaitable<UniqueFd> FakeDriver::open_channel(Uuid uuid, std::optional<std::string> name) {
  calls.push_back("open_channel " + name.value_or("?"));
  find_active(uuid);
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
    throw Error(ErrorCode::kSystemError, text("no pair of sockets"));
  }
  channel = UniqueFd(ends[0]);
  co_return UniqueFd(ends[1]);
}

std::vector<TypedParameter> FakeDriver::launch_security_info(const Uuid& uuid) {
  find_active(uuid);
  return {{"sev-measurement", std::string("bWVhc3VyZW1lbnQ=")},
          {"sev-api-major", 1U},
          {"sev-api-minor", 55U},
          {"sev-build-id", 24U},
          {"sev-policy", 5U}};
}

asio::awaitable<void> FakeDriver::set_launch_security_state(Uuid uuid,
                                                            std::vector<TypedParameter> parameters) {
  calls.emplace_back("set_launch_security_state");
  Domain& domain = find_active(uuid);
  if (domain.state.state != VIR_DOMAIN_PAUSED) {
    throw Error(ErrorCode::kOperationInvalid, text("domain must be in a paused state"));
  }
  domain.secret = std::move(parameters);
  co_return;
}

asio::awaitable<void> FakeDriver::pin_vcpu(Uuid uuid, std::uint32_t vcpu, domain_xml::CpuSet cpus,
                                           Flags flags) {
  calls.push_back(
      fmt::format("pin_vcpu {} {} {} {}", find(uuid).name, vcpu, domain_xml::format_cpu_set(cpus), flags));
  co_return;
}

asio::awaitable<void> FakeDriver::pin_emulator(Uuid uuid, domain_xml::CpuSet cpus, Flags flags) {
  calls.push_back(
      fmt::format("pin_emulator {} {} {}", find(uuid).name, domain_xml::format_cpu_set(cpus), flags));
  co_return;
}

domain_xml::CpuPlacement FakeDriver::cpu_placement(const Uuid& uuid, Flags flags) {
  calls.push_back(fmt::format("cpu_placement {} {}", find(uuid).name, flags));
  return placement;
}

}  // namespace virtsev::daemon::test
