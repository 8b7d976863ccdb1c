// SPDX-License-Identifier: LGPL-2.1-or-later
// On which of the host's CPUs a domain's threads may run: <vcpu cpuset>, <cputune><vcpupin> and
// <emulatorpin>.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sevcore/base/bytes.hpp"

namespace virtsev::domain_xml {

/// Numbers of the host's CPUs, ascending, each once; none: any CPU.
using CpuSet = std::vector<std::uint32_t>;

/// One above the largest number that a CPU may have. Linux's NR_CPUS is 8192 at most on x86.
inline constexpr std::uint32_t kMostHostCpus = 8192;

/// What the XML says; it may name CPUs that the host does not have.
struct CpuPlacement {
  CpuSet everything;                      ///< <vcpu cpuset>: where nothing below says otherwise
  std::map<std::uint32_t, CpuSet> vcpus;  ///< <vcpupin>, by the vCPU's number
  CpuSet emulator;                        ///< <emulatorpin>: threads that are no vCPU
  friend bool operator==(const CpuPlacement&, const CpuPlacement&) = default;
};

const CpuSet& cpus_of_vcpu(const CpuPlacement& placement, std::uint32_t number);
const CpuSet& cpus_of_emulator(const CpuPlacement& placement);

/// libvirt's notation: "0-3,^2,8". Nothing where it is not that, names no CPU, or one from kMostHostCpus on.
std::optional<CpuSet> parse_cpu_set(std::string_view written);
/// "0-1,3,8", without spaces.
std::string format_cpu_set(const CpuSet& cpus);

/// A bit for each CPU, the lowest of the first byte for CPU 0, as libvirt's protocol has it (VIR_CPU_MAPLEN),
/// and on x86 sched_setaffinity(2): a multiple of 8 bytes, none for no CPU.
Bytes mask_of(const CpuSet& cpus);
/// CPUs from kMostHostCpus on are left out.
CpuSet cpus_in(ByteView mask);

}  // namespace virtsev::domain_xml
