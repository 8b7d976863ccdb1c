// SPDX-License-Identifier: LGPL-2.1-or-later
// The FADT: a hardware-reduced machine, where to write to switch it off and to reset it.
#pragma once

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/guest_address.hpp"

namespace virtsev::boot::acpi {

Bytes make_fadt(GuestAddress dsdt);

}  // namespace virtsev::boot::acpi
