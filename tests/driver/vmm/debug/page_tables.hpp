// SPDX-License-Identifier: LGPL-2.1-or-later
// Page tables of long mode, written by a test where it wants them.
#pragma once

#include <functional>

#include "sevcore/base/bytes.hpp"
#include "sevcore/launch/vcpu_state.hpp"

namespace virtsev::vmm::test {

inline constexpr std::uint64_t kPresent = 1;
inline constexpr std::uint64_t kBig = 1U << 7;
inline constexpr std::uint64_t kNoExecute = 1ULL << 63;

/// A vCPU in long mode with its tables' root at `root`, which may have bits beside the address.
inline sevcore::VcpuState long_mode(std::uint64_t root, bool five_levels = false) {
  sevcore::VcpuState state;
  state.cr0 = (1ULL << 31) | 1;
  state.efer = 0xd00;
  state.cr4 = 0x20 | (five_levels ? 1ULL << 12 : 0);
  state.cr3 = root;
  return state;
}

/// Of the entry that translates `linear` in a table of this level; 1 is the last.
inline std::uint64_t entry_offset(std::uint64_t linear, unsigned level) {
  return ((linear >> (12 + 9 * (level - 1))) & 0x1ff) * 8;
}

}  // namespace virtsev::vmm::test
