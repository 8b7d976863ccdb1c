// SPDX-License-Identifier: LGPL-2.1-or-later
// The DSDT of machine virtsev-q35-1.0, as compiled from dsdt.asl (by ./compile, into dsdt.cpp).
#pragma once

#include "sevcore/base/bytes.hpp"

namespace virtsev::boot::acpi {

/// The whole table, header included.
ByteView dsdt();

}  // namespace virtsev::boot::acpi
