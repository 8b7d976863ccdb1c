// SPDX-License-Identifier: LGPL-2.1-or-later
// The parts that check_host() puts together. Each tells what stands in the way; nothing: all is well.
#pragma once

#include "sevcore/host-check/host_check.hpp"

namespace virtsev::sevcore {

using Findings = std::vector<HostFinding>;

/// What some part has against each of the three.
struct PartFindings {
  Findings sev, es, snp;
};

/// Processor and BIOS, by CPUID.
PartFindings check_processor(const CpuFacts& cpu);

/// The running kernel's age.
PartFindings check_kernel(const std::string& release);

/// kvm_amd and its parameters, below `sys`.
PartFindings check_module(const std::string& sys);

/// /dev/kvm.
Findings check_kvm_device(const std::string& path);

/// /dev/sev, opened for reading as a monitor's is; and what it says, which goes into `check`.
PartFindings check_sev_device(const HostRoots& roots, HostCheck& check);

/// What KVM says that it can make (KVM_CAP_VM_TYPES), where it says it: SEV-ES guests.
Findings check_vm_types(const std::string& release, std::uint32_t types);

/// kvm_amd's ciphertext_hiding_asids may leave SEV-ES guests none.
Findings check_hidden_asids(const AsidUsage& asids);

/// What SEV-SNP, where it is initialised, does to SEV-ES guests.
Findings check_snp_beside_es(const std::optional<SnpStatus>& snp, const CpuModel& cpu);

/// The limit on locked memory.
Findings check_memory_lock(std::optional<std::uint64_t> limit);

}  // namespace virtsev::sevcore
