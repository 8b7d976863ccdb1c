// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/acpi/tables.hpp"

#include <algorithm>
#include <vector>

#include "driver/boot/acpi/dsdt.hpp"
#include "driver/boot/acpi/fadt.hpp"
#include "driver/boot/acpi/madt.hpp"
#include "driver/boot/acpi/mcfg.hpp"
#include "driver/boot/acpi/root_tables.hpp"
#include "driver/boot/acpi/table.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::boot::acpi {
namespace {

constexpr std::size_t kTableAlignment = 16;

/// Lays tables one behind another, aligned. Room for the RSDP and the XSDT, which point to the others, is
/// left at the start.
class Layout {
 public:
  explicit Layout(std::size_t reserved) : bytes_(round_up(reserved, kTableAlignment)) {}

  GuestAddress append(const Bytes& table) {
    const std::size_t offset = bytes_.size();
    bytes_.insert(bytes_.end(), table.begin(), table.end());
    bytes_.resize(round_up(bytes_.size(), kTableAlignment));
    return layout::kAcpiTables.start + offset;
  }
  void put(std::size_t offset, const Bytes& table) {
    std::copy(table.begin(), table.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(offset));
  }
  Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

}  // namespace

Tables make_tables(std::uint32_t vcpus) {
  constexpr std::size_t kXsdtOffset = round_up(kRsdpBytes, kTableAlignment);
  constexpr std::size_t kXsdtEntries = 3;
  Layout tables(kXsdtOffset + kHeaderBytes + 8 * kXsdtEntries);
  const ByteView dsdt_bytes = dsdt();
  const GuestAddress dsdt_address = tables.append(Bytes(dsdt_bytes.begin(), dsdt_bytes.end()));
  const GuestAddress fadt = tables.append(make_fadt(dsdt_address));
  const GuestAddress madt = tables.append(make_madt(vcpus));
  const GuestAddress mcfg = tables.append(make_mcfg(layout::kPciEcam.start));
  tables.put(0, make_rsdp(layout::kAcpiTables.start + kXsdtOffset));
  tables.put(kXsdtOffset, make_xsdt({fadt, madt, mcfg}));
  return {tables.take(), layout::kAcpiTables.start};
}

}  // namespace virtsev::boot::acpi
