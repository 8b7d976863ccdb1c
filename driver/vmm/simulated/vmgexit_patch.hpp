// SPDX-License-Identifier: LGPL-2.1-or-later
// How a simulated guest's VMGEXIT is seen that stands in a function of its own, as firmware has it: KVM would
// take it for a hypercall, and tell nobody. Another instruction of the same length is put in its place.
#pragma once

#include "driver/vmm/kvm/vcpu.hpp"
#include "driver/vmm/memory/guest_memory.hpp"
#include "sevcore/base/bytes.hpp"

namespace virtsev::vmm {

/// A port that no machine of ours has a device at.
inline constexpr std::uint16_t kVmgexitPort = 0xf1;
/// OUT to that port, then a NOP of two bytes; both leave registers and flags as they are.
inline constexpr ByteArray<4> kVmgexitPatch = {0xe6, kVmgexitPort, 0x66, 0x90};

/// Code is looked at so far before and behind the instruction pointer, in bytes.
inline constexpr std::uint64_t kPatchedReach = 256 * 1024;

/// Replaces each VMGEXIT near a vCPU's instruction pointer, where code lies at its own address, as firmware's
/// does. This changes the guest after it was measured: in simulation alone.
void patch_vmgexits(Vcpu& vcpu, const PrivateMemory& memory);

/// Whether what replaces a VMGEXIT is what the vCPU executes: known by its bytes, as firmware copies its
/// code.
bool at_vmgexit_patch(Vcpu& vcpu, const PrivateMemory& memory);

}  // namespace virtsev::vmm
