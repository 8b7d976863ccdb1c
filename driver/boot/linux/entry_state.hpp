// SPDX-License-Identifier: LGPL-2.1-or-later
// The vCPUs' registers when Linux is entered in 32-bit protected mode (Documentation/arch/x86/boot.rst,
// "32-bit Boot Protocol").
#pragma once

#include <cstdint>
#include <vector>

#include "sevcore/launch/vcpu_state.hpp"

namespace virtsev::boot {

inline constexpr std::uint16_t kBootCodeSelector = 0x10;
inline constexpr std::uint16_t kBootDataSelector = 0x18;

/// vCPU 0 enters the kernel at layout::kKernel, paging off; the others are in the reset state and wait for
/// INIT and SIPI. On SEV-ES hardware they could not: see reason_against_hardware().
std::vector<sevcore::VcpuState> entry_states(std::uint32_t vcpus);

}  // namespace virtsev::boot
