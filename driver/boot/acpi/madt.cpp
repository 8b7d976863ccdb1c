// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/acpi/madt.hpp"

#include "driver/boot/acpi/table.hpp"
#include "sevcore/machine/machine_version.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::boot::acpi {
namespace {

// ACPI 6.4, 5.2.12 and the structures' own sections.
constexpr std::uint8_t kRevision = 5;
constexpr std::uint32_t kEnabled = 1;

/// Processor local APIC, 5.2.12.2. One byte for the id: enough for machine::kLimits.vcpus.
void append_local_apic(Bytes& table, std::uint32_t vcpu) {
  static_assert(layout::apic_id(machine::kLimits.vcpus - 1) < 0xff);
  const auto id = static_cast<std::uint8_t>(layout::apic_id(vcpu));
  table.insert(table.end(), {0, 8, id, id});
  append_le<std::uint32_t>(table, kEnabled);
}

/// I/O APIC, 5.2.12.3: its pins are GSIs from 0 on. No interrupt source overrides: no PIT, no 8259, pins as
/// in layout.
void append_io_apic(Bytes& table) {
  table.insert(table.end(), {1, 12, layout::kIoApicId, 0});
  append_le<std::uint32_t>(table, static_cast<std::uint32_t>(layout::kIoApic.start.value()));
  append_le<std::uint32_t>(table, 0);
}

/// Local APIC NMI, 5.2.12.7: LINT1 of every processor, as on any PC.
void append_nmi(Bytes& table) { table.insert(table.end(), {4, 6, 0xff, 0, 0, 1}); }

}  // namespace

Bytes make_madt(std::uint32_t vcpus) {
  Bytes table = start_table("APIC", kRevision, kHeaderBytes + 8);
  put_le<std::uint32_t>(table, kHeaderBytes, static_cast<std::uint32_t>(layout::kLocalApic.start.value()));
  for (std::uint32_t vcpu = 0; vcpu < vcpus; ++vcpu) {
    append_local_apic(table, vcpu);
  }
  append_io_apic(table);
  append_nmi(table);
  finish_table(table);
  return table;
}

}  // namespace virtsev::boot::acpi
