// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/linux/e820.hpp"

#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::boot {

std::vector<E820Entry> memory_map(std::uint64_t memory_bytes) {
  std::vector<E820Entry> map;
  const auto add = [&map](GuestAddress start, GuestAddress end, E820Type type) {
    if (start < end) {
      map.push_back({start, end - start, type});
    }
  };
  add(GuestAddress(0), layout::kConventionalEnd, E820Type::kRam);
  add(layout::kConventionalEnd, layout::kExtendedRamStart, E820Type::kReserved);
  add(layout::kExtendedRamStart, layout::kAcpiTables.start, E820Type::kRam);
  add(layout::kAcpiTables.start, layout::kAcpiTables.end(), E820Type::kAcpi);
  add(layout::kAcpiTables.end(), layout::low_ram(memory_bytes).end(), E820Type::kRam);
  add(layout::kPciEcam.start, layout::kPciEcam.end(), E820Type::kReserved);
  add(layout::kKvmIdentityMap.start, layout::kKvmTss.end(), E820Type::kReserved);
  add(layout::high_ram(memory_bytes).start, layout::high_ram(memory_bytes).end(), E820Type::kRam);
  return map;
}

}  // namespace virtsev::boot
