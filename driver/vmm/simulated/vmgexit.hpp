// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether a VMGEXIT is what a vCPU executes next.
#pragma once

#include <cstdint>
#include <functional>

#include "driver/vmm/kvm/vcpu.hpp"
#include "sevcore/base/bytes.hpp"

namespace virtsev::vmm {

/// VMGEXIT is REP VMMCALL (AMD APM volume 3).
inline constexpr ByteArray<4> kVmgexit = {0xf3, 0x0f, 0x01, 0xd9};

/// Where the next instruction lies: in 64-bit mode RIP itself, else behind the code segment's base.
std::uint64_t linear_instruction_pointer(const SavedRegisters& registers);

/// Reads a byte where the guest would, given its physical address with or without C-bit; false where there is
/// no memory.
using ReadAsGuest = std::function<bool(GuestAddress from, MutableBytes to)>;

/// Of a vCPU between two instructions, in any mode.
bool at_vmgexit(Vcpu& vcpu, const ReadAsGuest& read);

}  // namespace virtsev::vmm
