// SPDX-License-Identifier: LGPL-2.1-or-later
// The FADT: a hardware-reduced machine, where to write to switch it off and to reset it.
#pragma once

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/guest_address.hpp"

namespace virtsev::boot::acpi {

/// Where it names the DSDT, in 4 bytes and in 8 (ACPI 6.4, table 5.9).
inline constexpr std::size_t kFadtDsdt = 40;
inline constexpr std::size_t kFadtLongDsdt = 140;
Bytes make_fadt(GuestAddress dsdt);

}  // namespace virtsev::boot::acpi
