// SPDX-License-Identifier: LGPL-2.1-or-later
// The MADT: the processors and the interrupt controller.
#pragma once

#include <cstdint>

#include "sevcore/base/bytes.hpp"

namespace virtsev::boot::acpi {

Bytes make_madt(std::uint32_t vcpus);

}  // namespace virtsev::boot::acpi
