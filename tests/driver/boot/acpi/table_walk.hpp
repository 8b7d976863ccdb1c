// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds ACPI tables by their pointers, as a guest does.
#pragma once

#include <map>
#include <string>

#include "driver/boot/acpi/tables.hpp"
#include "sevcore/base/bytes.hpp"

namespace virtsev::boot::acpi::test {

/// Every table by its signature, the RSDP ("RSD PTR ") among them. Throws std::out_of_range for a pointer
/// that leads out of the bytes.
std::map<std::string, Bytes> find_tables(const Tables& tables);

/// The sum of all bytes, modulo 256.
std::uint8_t sum_of(ByteView bytes);

}  // namespace virtsev::boot::acpi::test
