// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/acpi/table.hpp"

#include <algorithm>

namespace virtsev::boot::acpi {
namespace {

constexpr std::string_view kOemTableId = "Q35-1.0 ";
constexpr std::string_view kCreator = "VSEV";
constexpr std::size_t kLengthOffset = 4;

void put_text(MutableBytes out, std::size_t offset, std::string_view text) {
  std::copy(text.begin(), text.end(), out.begin() + static_cast<std::ptrdiff_t>(offset));
}

}  // namespace

Bytes start_table(std::string_view signature, std::uint8_t revision, std::size_t size) {
  Bytes table(size);
  put_text(table, 0, signature);
  table[8] = revision;
  put_text(table, 10, kOemId);
  put_text(table, 16, kOemTableId);
  put_le<std::uint32_t>(table, 24, 1);
  put_text(table, 28, kCreator);
  put_le<std::uint32_t>(table, 32, 1);
  return table;
}

void put_checksum(MutableBytes bytes, std::size_t start, std::size_t size, std::size_t position) {
  bytes[position] = 0;
  std::uint8_t sum = 0;
  for (const std::uint8_t byte : bytes.subspan(start, size)) {
    sum = static_cast<std::uint8_t>(sum + byte);
  }
  bytes[position] = static_cast<std::uint8_t>(-sum);
}

void finish_table(Bytes& table) {
  put_le<std::uint32_t>(table, kLengthOffset, static_cast<std::uint32_t>(table.size()));
  put_checksum(table, 0, table.size(), kChecksum);
}

void put_port_register(MutableBytes table, std::size_t offset, std::uint16_t port) {
  table[offset] = 1;      // System I/O space
  table[offset + 1] = 8;  // Bits
  table[offset + 3] = 1;  // Byte access
  put_le<std::uint64_t>(table, offset + 4, port);
}

}  // namespace virtsev::boot::acpi
