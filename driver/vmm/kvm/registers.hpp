// SPDX-License-Identifier: LGPL-2.1-or-later
// Between the launch plan's registers, which are laid out as in a VMSA, and KVM's.
#pragma once

#include <linux/kvm.h>

#include "sevcore/vcpu_state.hpp"

namespace virtsev::vmm {

/// Puts the state into what KVM gave; fields that the state does not have stay (the local APIC's base, CR8).
void put_state(const sevcore::VcpuState& state, kvm_sregs& special, kvm_regs& general);

/// The state that KVM has. `g_pat` comes from its own register, which is a model specific one.
sevcore::VcpuState take_state(const kvm_sregs& special, const kvm_regs& general, std::uint64_t g_pat);

}  // namespace virtsev::vmm
