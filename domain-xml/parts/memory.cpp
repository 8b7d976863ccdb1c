// SPDX-License-Identifier: LGPL-2.1-or-later
// <memory> and <currentMemory>.
#include <algorithm>
#include <array>
#include <limits>

#include "domain-xml/parts/parts.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/machine/machine_version.hpp"

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

std::optional<std::uint64_t> unit_of(const xmlNode* element) {
  const std::string name = attribute(element, "unit").value_or("KiB");
  for (const Unit& unit : kUnits) {
    if (same_letters(name, unit.name)) {
      return unit.bytes;
    }
  }
  return std::nullopt;
}

/// Above all that can be asked for: a number of bytes that 64 bits don't hold is no other problem.
constexpr std::uint64_t kTooMuch = std::numeric_limits<std::uint64_t>::max() / 2 / 1024 * 1024;

/// Rounded up to whole KiB, as libvirt does. Nothing, and a problem, where it can't be read. `cure` says what
/// to write instead.
std::optional<std::uint64_t> bytes_in(const xmlNode* element, const std::string& cure, Problems& problems) {
  const std::string digits = trimmed(element);
  const std::optional<std::uint64_t> number = parse_number(digits);
  const std::optional<std::uint64_t> unit = unit_of(element);
  if (!unit) {
    problems.add(ErrorCode::kXmlError, element,
                 text("'{}' is not a unit of memory; {}", attribute(element, "unit").value_or(""), cure));
  } else if (!number) {
    problems.add(ErrorCode::kXmlError, element, text("'{}' is not an amount of memory; {}", digits, cure));
  } else {
    return *number > kTooMuch / *unit ? kTooMuch : round_up(*number * *unit, 1024);
  }
  return std::nullopt;
}

void write_kib(xmlNode* element, std::uint64_t bytes) {
  set_attribute(element, "unit", "KiB");
  set_content(element, std::to_string(bytes >> 10));
}

/// Of <memory>; as good as it can be told where it is not there, or can't be read or kept.
std::uint64_t read_size(xmlNode* domain, xmlNode* memory, std::uint64_t at_least, Problems& problems) {
  const std::string cure = text("write <memory unit='KiB'>{}</memory>, or more", at_least >> 10);
  if (memory == nullptr) {
    problems.add(ErrorCode::kXmlError, domain,
                 text("it does not say how much memory the guest has; {}", cure));
    return at_least;
  }
  const std::uint64_t bytes = bytes_in(memory, cure, problems).value_or(at_least);
  if (bytes < machine::kLimits.least_memory) {
    problems.add(ErrorCode::kConfigUnsupported, memory,
                 text("{} KiB are too little for a guest; {}", bytes >> 10, cure));
    return at_least;
  }
  if (bytes > machine::kLimits.most_memory) {
    problems.add(
        ErrorCode::kConfigUnsupported, memory,
        text("a guest can have at most {} GiB of memory; write less", machine::kLimits.most_memory >> 30));
    return machine::kLimits.most_memory;
  }
  return bytes;
}

}  // namespace

void read_memory(xmlNode* domain, DomainDefinition& definition, Problems& problems) {
  xmlNode* memory = only_child(domain, "memory", problems);
  xmlNode* current = only_child(domain, "currentMemory", problems);
  std::optional<std::uint64_t> current_bytes;
  if (current != nullptr) {
    current_bytes = bytes_in(current, text("write a number of KiB, or remove the element"), problems);
  }
  const std::uint64_t at_least =
      std::clamp(current_bytes.value_or(0), machine::kLimits.least_memory, machine::kLimits.most_memory);
  const std::uint64_t bytes = read_size(domain, memory, at_least, problems);
  if (current_bytes && *current_bytes > bytes) {
    problems.add(ErrorCode::kXmlError, current,
                 text("{} KiB are more than <memory> allows ({} KiB); lower this, or remove the element",
                      *current_bytes >> 10, bytes >> 10));
  }
  if (!problems.empty()) {
    return;
  }
  if (current == nullptr) {
    current = add_element(domain, "currentMemory");
  }
  write_kib(memory, bytes);
  write_kib(current, current_bytes.value_or(bytes));
  definition.memory_bytes = bytes;
  definition.current_memory_bytes = current_bytes.value_or(bytes);
}

}  // namespace virtsev::domain_xml
