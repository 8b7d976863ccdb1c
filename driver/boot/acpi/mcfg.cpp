// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/acpi/mcfg.hpp"

#include "driver/boot/acpi/table.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::boot::acpi {
namespace {

// PCI Firmware Specification 3.3, tables 4-2 and 4-3.
constexpr std::uint8_t kRevision = 1;
constexpr std::size_t kReserved = 8;
constexpr std::uint64_t kBytesOfABus = 1ULL << 20;

}  // namespace

Bytes make_mcfg(GuestAddress configuration) {
  Bytes table = start_table("MCFG", kRevision, kHeaderBytes + kReserved);
  append_le<std::uint64_t>(table, configuration.value());
  append_le<std::uint16_t>(table, 0);  // Segment group
  append_le<std::uint8_t>(table, 0);   // First bus
  append_le<std::uint8_t>(table, static_cast<std::uint8_t>(layout::kPciEcam.size / kBytesOfABus - 1));
  append_le<std::uint32_t>(table, 0);
  finish_table(table);
  return table;
}

}  // namespace virtsev::boot::acpi
