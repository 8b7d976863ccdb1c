// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

namespace virtsev::sevcore {

/// <reducedPhysBits>: by how many bits encryption narrows a guest's physical addresses. Always 1, as QEMU and
/// libvirt have it: a guest loses the C-bit alone. CPUID Fn8000_001F EBX[11:6] says what the host loses,
/// which is more.
inline constexpr std::uint32_t kReducedPhysBits = 1;

}  // namespace virtsev::sevcore
