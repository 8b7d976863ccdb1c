// SPDX-License-Identifier: LGPL-2.1-or-later
// From a linear address to a physical one through a guest's own page tables (AMD APM volume 2, sections 5.3
// and 15.34.5). The tables are the guest's, and may hold anything.
#pragma once

#include <cstdint>
#include <functional>

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/guest_address.hpp"
#include "sevcore/base/result.hpp"
#include "sevcore/launch/vcpu_state.hpp"

namespace virtsev::vmm {

/// Where a linear address leads.
struct Translation {
  GuestAddress address;          ///< Without C-bit
  std::uint64_t contiguous = 0;  ///< Bytes from there to the end of the page
  bool encrypted = false;        ///< The page's C-bit is set
};

enum class WalkError {
  kUnknownMode,         ///< 32-bit paging, with or without PAE
  kNotCanonical,        ///< No linear address of this mode
  kNotMapped,           ///< Not present, or an entry that the processor refuses
  kTableOutsideMemory,  ///< An entry points to where there is no memory
};

/// Reads private memory, as the processor's walks do whatever the C-bit says; false where there is none.
using ReadTable = std::function<bool(GuestAddress from, MutableBytes to)>;

/// `state`: CR0, CR3, CR4 and EFER of the vCPU. `c_bit`: the C-bit as a mask, 0 for a guest without SEV.
/// Knows no paging, and long mode's with 4 or 5 levels and pages of any size.
Result<Translation, WalkError> walk_page_tables(const sevcore::VcpuState& state, std::uint64_t linear,
                                                std::uint64_t c_bit, const ReadTable& read);

}  // namespace virtsev::vmm
