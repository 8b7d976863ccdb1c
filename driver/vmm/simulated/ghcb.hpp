// SPDX-License-Identifier: LGPL-2.1-or-later
// The guest-hypervisor communication block of SEV-ES: what a guest asks for, through the GHCB register alone
// or through a page, and the answers (AMD document 56421, "SEV-ES Guest-Hypervisor Communication Block
// Standardization"). On hardware, KVM answers; here, for simulated guests, we do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "driver/vmm/kvm/cpuid.hpp"
#include "driver/vmm/memory/guest_memory.hpp"

namespace virtsev::vmm {

/// What a VMGEXIT leads to.
struct GhcbAnswer {
  std::optional<std::uint64_t> register_value;  ///< The register's new value, where it changes
  bool hold = false;                            ///< The vCPU stands still until it is started again
  std::optional<std::string> terminated;        ///< The guest asks to be ended; for people, why
};

/// What the register holds before the guest writes it: the answer to a SEV_INFO request.
std::uint64_t ghcb_sev_info(std::uint32_t c_bit_position);

/// Whether this value of the register is a request that needs no page, and can be answered when it is
/// written, a VMGEXIT or not: a question, or a termination that is well-formed. Not a hold, nor what no
/// version of the protocol has: without a VMGEXIT these are no more than a value in a register.
bool is_ghcb_msr_request(std::uint64_t value);

/// Whether a VMGEXIT that comes apart from the register's last write has something to do: there is a page, or
/// a hold. What else there is was answered when it was written.
bool ghcb_waits_for_vmgexit(std::uint64_t value);

/// Tells a vCPU that was held that it is started again: in its GHCB page, or in the register, whose new value
/// this gives.
std::uint64_t end_ghcb_hold(std::uint64_t value, const GuestMemory& memory);

/// Serves one VMGEXIT. `value`: the register; `memory`: where a GHCB page lies; `cpuid`: the asking vCPU's
/// leaves.
GhcbAnswer serve_ghcb(std::uint64_t value, std::uint32_t c_bit_position, const GuestMemory& memory,
                      const CpuidEntries& cpuid);

}  // namespace virtsev::vmm
