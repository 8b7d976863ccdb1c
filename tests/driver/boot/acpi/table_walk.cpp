// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/driver/boot/acpi/table_walk.hpp"

#include <stdexcept>

#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::boot::acpi::test {
namespace {

Bytes part(const Tables& tables, std::uint64_t address, std::size_t size) {
  const std::uint64_t start = layout::kAcpiTables.start.value();
  if (address < start || address - start > tables.bytes.size() ||
      tables.bytes.size() - (address - start) < size) {
    throw std::out_of_range("a table lies outside");
  }
  const auto first = tables.bytes.begin() + static_cast<std::ptrdiff_t>(address - start);
  return {first, first + static_cast<std::ptrdiff_t>(size)};
}

Bytes table_at(const Tables& tables, std::uint64_t address) {
  return part(tables, address, get_le<std::uint32_t>(part(tables, address, 8), 4));
}

}  // namespace

std::map<std::string, Bytes> find_tables(const Tables& tables) {
  std::map<std::string, Bytes> found;
  const auto add = [&found](const Bytes& table) {
    found.emplace(std::string(table.begin(), table.begin() + 4), table);
  };
  const Bytes rsdp = part(tables, tables.rsdp.value(), 36);
  found.emplace(std::string(rsdp.begin(), rsdp.begin() + 8), rsdp);
  const Bytes xsdt = table_at(tables, get_le<std::uint64_t>(rsdp, 24));
  add(xsdt);
  for (std::size_t at = 36; at < xsdt.size(); at += 8) {
    add(table_at(tables, get_le<std::uint64_t>(xsdt, at)));
  }
  const Bytes& fadt = found.at("FACP");
  add(table_at(tables, get_le<std::uint64_t>(fadt, 140)));
  return found;
}

std::uint8_t sum_of(ByteView bytes) {
  std::uint8_t sum = 0;
  for (const std::uint8_t byte : bytes) {
    sum = static_cast<std::uint8_t>(sum + byte);
  }
  return sum;
}

}  // namespace virtsev::boot::acpi::test
