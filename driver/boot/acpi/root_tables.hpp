// SPDX-License-Identifier: LGPL-2.1-or-later
// The tables that name the others: RSDP and XSDT.
#pragma once

#include <vector>

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/guest_address.hpp"

namespace virtsev::boot::acpi {

/// Root System Description Pointer (ACPI 6.4, 5.2.5.3), and its fields.
inline constexpr std::size_t kRsdpBytes = 36;
inline constexpr std::size_t kRsdpBytesOfVersion1 = 20;
inline constexpr std::size_t kRsdpChecksum = 8;
inline constexpr std::size_t kRsdpXsdt = 24;
inline constexpr std::size_t kRsdpExtendedChecksum = 32;
Bytes make_rsdp(GuestAddress xsdt);

/// Extended System Description Table (ACPI 6.4, 5.2.8): behind its header an address of 8 bytes for each.
Bytes make_xsdt(const std::vector<GuestAddress>& tables);

}  // namespace virtsev::boot::acpi
