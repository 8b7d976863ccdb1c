// SPDX-License-Identifier: LGPL-2.1-or-later
// The MCFG: where PCI configuration space is in memory (PCI Firmware Specification 3.3, 4.1.2).
#pragma once

#include "sevcore/base/bytes.hpp"

namespace virtsev::boot::acpi {

Bytes make_mcfg();

}  // namespace virtsev::boot::acpi
