// SPDX-License-Identifier: LGPL-2.1-or-later
// The host's processors and memory, from /sys and /proc.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "driver/daemon/api/driver.hpp"

namespace virtsev::daemon {

struct HostCpu {
  std::uint32_t number = 0, socket = 0, die = 0, core = 0;
  std::string siblings;       ///< "0-1", as the kernel writes it
  std::uint32_t cluster = 0;  ///< 0 where the processor has none
};
struct HostCell {
  std::uint32_t number = 0;  ///< NUMA node
  std::uint64_t memory_kib = 0;
  std::vector<HostCpu> cpus;
};
struct HostTopology {
  std::vector<HostCell> cells;
  std::uint32_t present = 0;  ///< Processors, offline ones too
  std::uint32_t mhz = 0;
  std::uint64_t memory_kib = 0;
};

/// `sys` and `proc`: "/sys" and "/proc"; a test has its own.
HostTopology read_topology(const std::string& sys = "/sys", const std::string& proc = "/proc");

NodeInfo node_info_of(const HostTopology& topology);
/// Online processors as libvirt's bitmap: processor 0 is the lowest bit of the first byte.
CpuMap cpu_map_of(const std::string& sys = "/sys");

/// "0-2,5" to numbers; what is malformed is left out. At most 4,096 numbers.
std::vector<std::uint32_t> parse_cpu_list(const std::string& list);

}  // namespace virtsev::daemon
