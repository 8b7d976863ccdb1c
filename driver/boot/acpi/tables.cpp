// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/acpi/tables.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include "driver/boot/acpi/dsdt.hpp"
#include "driver/boot/acpi/fadt.hpp"
#include "driver/boot/acpi/madt.hpp"
#include "driver/boot/acpi/mcfg.hpp"
#include "driver/boot/acpi/table.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::boot::acpi {
namespace {

constexpr std::size_t kTableAlignment = 16;

/// Root System Description Pointer (ACPI 6.4, 5.2.5.3).
constexpr std::size_t kRsdpBytes = 36;
constexpr std::size_t kRsdpBytesOfVersion1 = 20;

Bytes make_rsdp(GuestAddress xsdt) {
  constexpr std::string_view kSignature = "RSD PTR ";
  Bytes rsdp(kRsdpBytes);
  std::copy(kSignature.begin(), kSignature.end(), rsdp.begin());
  std::copy(kOemId.begin(), kOemId.end(), rsdp.begin() + 9);
  rsdp[15] = 2;  // Revision
  put_le<std::uint32_t>(rsdp, 20, kRsdpBytes);
  put_le<std::uint64_t>(rsdp, 24, xsdt.value());
  put_checksum(rsdp, 0, kRsdpBytesOfVersion1, 8);
  put_checksum(rsdp, 0, kRsdpBytes, 32);
  return rsdp;
}

/// Extended System Description Table (ACPI 6.4, 5.2.8).
Bytes make_xsdt(const std::vector<GuestAddress>& tables) {
  Bytes xsdt = start_table("XSDT", 1, kHeaderBytes);
  for (const GuestAddress table : tables) {
    append_le<std::uint64_t>(xsdt, table.value());
  }
  finish_table(xsdt);
  return xsdt;
}

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
  const GuestAddress mcfg = tables.append(make_mcfg());
  tables.put(0, make_rsdp(layout::kAcpiTables.start + kXsdtOffset));
  tables.put(kXsdtOffset, make_xsdt({fadt, madt, mcfg}));
  return {tables.take(), layout::kAcpiTables.start};
}

}  // namespace virtsev::boot::acpi
