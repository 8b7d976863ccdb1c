// SPDX-License-Identifier: LGPL-2.1-or-later
#include <sys/sysinfo.h>

#include "driver/daemon/dispatch/codec.hpp"
#include "driver/daemon/dispatch/handlers/handlers.hpp"
#include "driver/spec/machine.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon::dispatch {

namespace {

std::uint64_t free_memory_bytes() {
  struct sysinfo host {};
  if (sysinfo(&host) != 0) {
    throw Error(ErrorCode::kSystemError, text("the kernel does not say how much memory is free"));
  }
  return std::uint64_t{host.freeram} * host.mem_unit;
}

}  // namespace

void connect_get_max_vcpus(Request& request) {
  get_optional_text(request.in);  // the domain type: clients give the driver's name, too; there is one
  end_arguments(request);
  request.out.put_int32(machine::kLimits.vcpus);
}

void node_get_cpu_map(Request& request) {
  constexpr std::size_t kMaxMap = 2048;  // REMOTE_CPUMAP_MAX, bytes
  const bool need_map = request.in.get_bool();
  const bool need_online = request.in.get_bool();
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  check_flags(request, flags, 0);
  CpuMap cpus = request.driver.node_cpu_map();
  if (cpus.map.size() > kMaxMap) {
    cpus.map.resize(kMaxMap);
  }
  request.out.put_opaque(need_map ? cpus.map : Bytes{});
  request.out.put_uint32(need_online ? cpus.online : 0);
  request.out.put_int32(cpus.cpus);
}

void node_get_free_memory(Request& request) { request.out.put_uint64(free_memory_bytes()); }

void node_get_cells_free_memory(Request& request) {
  constexpr std::uint32_t kMaxCells = 1024;  // REMOTE_NODE_MAX_CELLS
  const std::int32_t first = request.in.get_int32();
  const std::int32_t most = request.in.get_int32();
  end_arguments(request);
  bounded(request, most, kMaxCells);
  if (request.driver.node_info().nodes != 1) {
    throw Error(ErrorCode::kNoSupport, text("free memory is not known for each NUMA node of this host"));
  }
  if (first != 0 || most == 0) {
    throw Error(ErrorCode::kInvalidArgument, text("this host has one NUMA node, number 0"));
  }
  request.out.put_uint32(1);
  request.out.put_uint64(free_memory_bytes());
}

}  // namespace virtsev::daemon::dispatch
