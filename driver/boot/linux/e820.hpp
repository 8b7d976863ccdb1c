// SPDX-License-Identifier: LGPL-2.1-or-later
// The guest's memory map, as the e820 table of boot_params gives it (Documentation/arch/x86/zero-page.rst).
#pragma once

#include <cstdint>
#include <vector>

#include "sevcore/base/guest_address.hpp"

namespace virtsev::boot {

/// ACPI 6.4, table 15-1.
enum class E820Type : std::uint32_t { kRam = 1, kReserved = 2, kAcpi = 3 };

struct E820Entry {
  GuestAddress start;
  std::uint64_t size = 0;
  E820Type type = E820Type::kRam;
};

/// In ascending order, without overlap, for a guest of that much RAM (bytes).
std::vector<E820Entry> memory_map(std::uint64_t memory_bytes);

}  // namespace virtsev::boot
