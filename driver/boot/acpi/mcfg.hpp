// SPDX-License-Identifier: LGPL-2.1-or-later
// The MCFG: where PCI configuration space is in memory (PCI Firmware Specification 3.3, 4.1.2).
#pragma once

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/guest_address.hpp"

namespace virtsev::boot::acpi {

/// `configuration`: where its 256 MiB begin.
Bytes make_mcfg(GuestAddress configuration);

}  // namespace virtsev::boot::acpi
