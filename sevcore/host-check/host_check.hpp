// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether this host can run SEV and SEV-ES guests (SEV-SNP ones for information); where not, what is at fault
// and what to do: processor, BIOS, kernel, kvm_amd's parameters, /dev/kvm, /dev/sev, firmware, locked memory.
// Reads only; nothing is loaded or changed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sevcore/host-check/asid_usage.hpp"
#include "sevcore/host-check/platform_information.hpp"
#include "sevcore/kernel/snp_platform.hpp"

namespace virtsev::sevcore {

/// What the processor says of memory encryption (AMD APM volume 3, CPUID Fn8000_001F); all zero where the
/// leaf is missing.
struct CpuFacts {
  bool amd = false;  ///< Vendor AuthenticAMD or HygonGenuine
  bool sev = false;
  bool es = false;
  bool snp = false;
  std::uint32_t c_bit_position = 0;
  std::uint32_t max_asid = 0;  ///< ECX: the number of encrypted guests at once, SEV and SEV-ES together
  std::uint32_t min_sev_asid =
      0;  ///< EDX: the lowest ASID of a plain SEV guest; SEV-ES guests have those from 1 to below it
  CpuModel model;
  /// How many SEV-ES, and plain SEV, guests can run at once.
  [[nodiscard]] std::uint32_t es_guests() const { return min_sev_asid > 0 ? min_sev_asid - 1 : 0; }
  [[nodiscard]] std::uint32_t sev_guests() const {
    return max_asid >= min_sev_asid && min_sev_asid > 0 ? max_asid - min_sev_asid + 1 : 0;
  }
};

/// The four registers of one CPUID leaf: eax, ebx, ecx, edx.
struct CpuidLeaf {
  std::uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};
using Cpuid = std::function<CpuidLeaf(std::uint32_t leaf)>;

/// This processor's.
CpuidLeaf host_cpuid(std::uint32_t leaf);
CpuFacts read_cpu_facts(const Cpuid& cpuid = host_cpuid);

/// What part of the host a finding is about.
enum class HostPart : std::uint8_t {
  kCpu,
  kBios,
  kKernel,
  kKernelModule,
  kKvmDevice,
  kSevDevice,
  kFirmware,
  kMemoryLock
};
/// For scripts: "cpu", "bios", "kernel", "kvm_amd", "dev-kvm", "dev-sev", "firmware", "memory-lock".
std::string_view name_of(HostPart part);

/// One thing that stands in the way, and what to do about it.
struct HostFinding {
  HostPart part;
  std::string problem;
  std::string next_step;
};

struct HostCheck {
  CpuFacts cpu;
  std::optional<PlatformInformation> platform;  ///< PLATFORM_STATUS' answer, where there was one
  std::optional<SnpStatus> snp_status;          ///< SNP_PLATFORM_STATUS', where the processor has SNP
  AsidUsage asids;
  /// How many bytes a guest of this user can lock; nothing: no limit.
  std::optional<std::uint64_t> memory_lock_limit;
  std::vector<HostFinding> sev;  ///< Empty: SEV guests can run
  std::vector<HostFinding> es;   ///< Empty: SEV-ES guests can run; holds what stands in `sev` too
  std::vector<HostFinding> snp;  ///< For information; holds what stands in `sev` too
  [[nodiscard]] bool sev_usable() const { return sev.empty(); }
  [[nodiscard]] bool es_usable() const { return es.empty(); }
  [[nodiscard]] bool snp_usable() const { return snp.empty(); }
};

/// This kernel's release, as uname has it.
std::string running_kernel();
/// How many bytes a monitor that this process starts may lock: the hard limit (RLIMIT_MEMLOCK), which KVM
/// holds all memory of an encrypted guest against (Linux, arch/x86/kvm/svm/sev.c, sev_pin_memory). Nothing
/// where there is no limit, or this process may lift it.
std::optional<std::uint64_t> memory_lock_limit();
/// /dev/sev for reading, which is all that monitors get; null, with errno, where it can't be opened.
using SevDeviceOpener = std::function<std::unique_ptr<SevDevice>(const std::string& path)>;
std::unique_ptr<SevDevice> open_sev_device(const std::string& path);
/// KVM_CAP_VM_TYPES of the /dev/kvm at `path`: a bit for each type of KVM_CREATE_VM; 0 where it can't be
/// asked, and before Linux 6.8.
std::uint32_t read_vm_types(const std::string& path);

/// Where the check looks; tests put their own there.
struct HostRoots {
  std::string sys = "/sys";
  std::string dev = "/dev";
  Cpuid cpuid = host_cpuid;
  std::function<std::string()> kernel_release = running_kernel;
  std::function<std::optional<std::uint64_t>()> memory_lock_limit = sevcore::memory_lock_limit;
  SevDeviceOpener open_sev = open_sev_device;
  std::function<std::uint32_t(const std::string& path)> vm_types = read_vm_types;
  /// False: no PLATFORM_STATUS, as the firmware may be busy with launches for a while.
  bool ask_firmware = true;
  /// Called in any case where the processor has SNP: whoever must not wait remembers an earlier answer.
  std::function<std::optional<SnpStatus>(SevDevice& device)> read_snp = read_snp_status;
};

HostCheck check_host(const HostRoots& roots = {});

/// What stands in the way of SEV-ES guests where SNP is initialised; `svn`: snp_security_version().
HostFinding es_beside_snp(std::optional<std::uint8_t> svn);

/// The findings as one text for an Error: "problem; next step", a line each.
std::string describe(const std::vector<HostFinding>& findings);

}  // namespace virtsev::sevcore
