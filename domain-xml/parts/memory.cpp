// SPDX-License-Identifier: LGPL-2.1-or-later
// <memory> and <currentMemory>.
#include <array>
#include <limits>

#include "domain-xml/limits.hpp"
#include "domain-xml/parts/parts.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t bytes;
};
// libvirt, "Domain XML format", Memory Allocation.
constexpr std::array kUnits = {
    Unit{"b", 1},          Unit{"bytes", 1},        Unit{"KB", 1000},
    Unit{"k", 1ULL << 10}, Unit{"KiB", 1ULL << 10}, Unit{"MB", 1000ULL * 1000},
    Unit{"M", 1ULL << 20}, Unit{"MiB", 1ULL << 20}, Unit{"GB", 1000ULL * 1000 * 1000},
    Unit{"G", 1ULL << 30}, Unit{"GiB", 1ULL << 30}, Unit{"TB", 1000ULL * 1000 * 1000 * 1000},
    Unit{"T", 1ULL << 40}, Unit{"TiB", 1ULL << 40},
};

bool same_letters(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::uint64_t unit_of(const xmlNode* element) {
  const std::string name = attribute(element, "unit").value_or("KiB");
  for (const Unit& unit : kUnits) {
    if (same_letters(name, unit.name)) {
      return unit.bytes;
    }
  }
  refuse(ErrorCode::kXmlError, element, text("'{}' is no unit of memory; write KiB, MiB or GiB", name));
}

/// Rounded up to whole KiB, as libvirt does.
std::uint64_t bytes_in(const xmlNode* element) {
  const std::string digits = trimmed(element);
  const std::optional<std::uint64_t> number = parse_number(digits);
  const std::uint64_t unit = unit_of(element);
  if (!number) {
    refuse(ErrorCode::kXmlError, element, text("'{}' is no amount of memory; write a whole number", digits));
  }
  if (*number > std::numeric_limits<std::uint64_t>::max() / 2 / unit) {
    refuse(ErrorCode::kConfigUnsupported, element,
           text("a guest can have at most {} GiB of memory", kMaxMemoryBytes >> 30));
  }
  return round_up(*number * unit, 1024);
}

void write_kib(xmlNode* element, std::uint64_t bytes) {
  set_attribute(element, "unit", "KiB");
  set_content(element, std::to_string(bytes >> 10));
}

}  // namespace

void read_memory(xmlNode* domain, DomainDefinition& definition) {
  xmlNode* memory = only_child(domain, "memory");
  if (memory == nullptr) {
    refuse(ErrorCode::kXmlError, domain,
           text("it does not say how much memory the guest has; add <memory unit='MiB'>"));
  }
  const std::uint64_t bytes = bytes_in(memory);
  if (bytes < kMinMemoryBytes) {
    refuse(ErrorCode::kConfigUnsupported, memory,
           text("{} KiB are too little for a guest; give it {} MiB or more", bytes >> 10,
                kMinMemoryBytes >> 20));
  }
  if (bytes > kMaxMemoryBytes) {
    refuse(ErrorCode::kConfigUnsupported, memory,
           text("a guest can have at most {} GiB of memory", kMaxMemoryBytes >> 30));
  }
  xmlNode* current = only_child(domain, "currentMemory");
  const std::uint64_t current_bytes = current != nullptr ? bytes_in(current) : bytes;
  if (current_bytes > bytes) {
    refuse(ErrorCode::kXmlError, current,
           text("{} KiB are more than <memory> allows ({} KiB); lower this, or raise <memory>",
                current_bytes >> 10, bytes >> 10));
  }
  if (current == nullptr) {
    current = add_element(domain, "currentMemory");
  }
  write_kib(memory, bytes);
  write_kib(current, current_bytes);
  definition.memory_bytes = bytes;
  definition.current_memory_bytes = current_bytes;
}

}  // namespace virtsev::domain_xml
