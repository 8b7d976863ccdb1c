// SPDX-License-Identifier: LGPL-2.1-or-later
// Between KVM's registers and those of the launch plan, which are laid out as in a VMSA, or of a debugger.
#pragma once

#include <linux/kvm.h>

#include "driver/control/messages.hpp"
#include "sevcore/launch/vcpu_state.hpp"

namespace virtsev::vmm {

/// Puts the state into what KVM gave; fields that the state does not have stay (the local APIC's base, CR8).
void put_state(const sevcore::VcpuState& state, kvm_sregs& special, kvm_regs& general);

/// The state that KVM has. `g_pat` comes from its own register, which is a model specific one.
sevcore::VcpuState take_state(const kvm_sregs& special, const kvm_regs& general, std::uint64_t g_pat);

/// What a debugger sees of them.
control::VcpuRegisters to_control(const kvm_sregs& special, const kvm_regs& general);

/// The other direction: puts all but the selectors into what KVM gave. True where something in `special`
/// has changed.
bool put_registers(const control::VcpuRegisters& registers, kvm_sregs& special, kvm_regs& general);

}  // namespace virtsev::vmm
