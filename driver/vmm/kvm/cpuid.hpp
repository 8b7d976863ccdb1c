// SPDX-License-Identifier: LGPL-2.1-or-later
// The CPUID leaves that a guest sees: what KVM supports, less what such a guest can't have, with the
// machine's topology.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <linux/kvm.h>

namespace virtsev::vmm {

/// CPUID Fn8000_001F (AMD APM volume 3): memory encryption as the guest has it.
struct EncryptionLeaf {
  bool encrypted_state = false;  ///< SEV-ES
  std::uint32_t c_bit_position = 0;
};

struct CpuidRequest {
  std::uint32_t vcpu = 0;
  std::uint32_t vcpus = 1;
  bool tsc_deadline = false;                 ///< KVM_CAP_TSC_DEADLINE_TIMER
  std::optional<EncryptionLeaf> encryption;  ///< None: an ordinary guest
};

using CpuidEntries = std::vector<kvm_cpuid_entry2>;

/// The leaves of one vCPU. `supported`: KVM_GET_SUPPORTED_CPUID.
CpuidEntries filter_cpuid(const CpuidEntries& supported, const CpuidRequest& request);

/// CPUID Fn8000_0008 EAX[7:0]; 36 where the leaf is missing.
std::uint32_t physical_address_bits(std::span<const kvm_cpuid_entry2> entries);

/// CPUID Fn0000_0001 EAX: family, model and stepping, which a vCPU's EDX holds after a reset; 0 where the
/// leaf is missing.
std::uint32_t cpu_signature(std::span<const kvm_cpuid_entry2> entries);

/// A leaf's entry, or null.
const kvm_cpuid_entry2* find_leaf(std::span<const kvm_cpuid_entry2> entries, std::uint32_t function,
                                  std::uint32_t index = 0);

}  // namespace virtsev::vmm
