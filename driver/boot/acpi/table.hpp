// SPDX-License-Identifier: LGPL-2.1-or-later
// What all ACPI tables have in common: the header, the checksum, the generic address structure.
#pragma once

#include <cstdint>
#include <string_view>

#include "sevcore/base/bytes.hpp"

namespace virtsev::boot::acpi {

/// Length of DESCRIPTION_HEADER (ACPI 6.4, 5.2.6).
inline constexpr std::size_t kHeaderBytes = 36;
/// Of the checksum in it.
inline constexpr std::size_t kChecksum = 9;
inline constexpr std::string_view kOemId = "VRTSEV";

/// A table of `size` bytes with its header filled in, all but the checksum. `signature`: 4 characters.
Bytes start_table(std::string_view signature, std::uint8_t revision, std::size_t size);

/// Sets the byte at `position` so that bytes [start, start + size) sum up to 0.
void put_checksum(MutableBytes bytes, std::size_t start, std::size_t size, std::size_t position);

/// Writes the table's length, as it is now, and its checksum.
void finish_table(Bytes& table);

/// Generic address structure (ACPI 6.4, 5.2.3.2) of an 8-bit register in port space, 12 bytes.
void put_port_register(MutableBytes table, std::size_t offset, std::uint16_t port);

}  // namespace virtsev::boot::acpi
