// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/acpi/root_tables.hpp"

#include <algorithm>
#include <string_view>

#include "driver/boot/acpi/table.hpp"

namespace virtsev::boot::acpi {

Bytes make_rsdp(GuestAddress xsdt) {
  constexpr std::string_view kSignature = "RSD PTR ";
  Bytes rsdp(kRsdpBytes);
  std::copy(kSignature.begin(), kSignature.end(), rsdp.begin());
  std::copy(kOemId.begin(), kOemId.end(), rsdp.begin() + 9);
  rsdp[15] = 2;  // Revision
  put_le<std::uint32_t>(rsdp, 20, kRsdpBytes);
  put_le<std::uint64_t>(rsdp, kRsdpXsdt, xsdt.value());
  put_checksum(rsdp, 0, kRsdpBytesOfVersion1, kRsdpChecksum);
  put_checksum(rsdp, 0, kRsdpBytes, kRsdpExtendedChecksum);
  return rsdp;
}

Bytes make_xsdt(const std::vector<GuestAddress>& tables) {
  Bytes xsdt = start_table("XSDT", 1, kHeaderBytes);
  for (const GuestAddress table : tables) {
    append_le<std::uint64_t>(xsdt, table.value());
  }
  finish_table(xsdt);
  return xsdt;
}

}  // namespace virtsev::boot::acpi
