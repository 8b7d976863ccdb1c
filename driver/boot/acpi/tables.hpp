// SPDX-License-Identifier: LGPL-2.1-or-later
// All ACPI tables of the machine, laid out from layout::kAcpiTables on: RSDP, XSDT, FADT, MADT, MCFG,
// DSDT.
#pragma once

#include <cstdint>

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/guest_address.hpp"

namespace virtsev::boot::acpi {

struct Tables {
  Bytes bytes;        ///< From layout::kAcpiTables.start
  GuestAddress rsdp;  ///< For boot_params
};

/// For machine::kLimits.vcpus vCPUs at most.
Tables make_tables(std::uint32_t vcpus);

}  // namespace virtsev::boot::acpi
