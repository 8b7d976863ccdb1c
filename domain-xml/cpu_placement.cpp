// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain-xml/cpu_placement.hpp"

#include <algorithm>
#include <set>

#include "domain-xml/xml/node.hpp"

namespace virtsev::domain_xml {
namespace {

std::string_view without_spaces(std::string_view word) {
  constexpr std::string_view kSpaces = " \t\r\n";
  const std::size_t first = word.find_first_not_of(kSpaces);
  return first == std::string_view::npos ? std::string_view()
                                         : word.substr(first, word.find_last_not_of(kSpaces) - first + 1);
}

std::optional<std::uint32_t> parse_cpu(std::string_view digits) {
  const std::optional<std::uint64_t> number = parse_number(std::string(without_spaces(digits)));
  return number && *number < kMostHostCpus ? std::optional(static_cast<std::uint32_t>(*number))
                                           : std::nullopt;
}

/// One of the words between commas, taken into the set.
bool take(std::string_view word, std::set<std::uint32_t>& cpus) {
  if (word.starts_with('^')) {
    const std::optional<std::uint32_t> without = parse_cpu(word.substr(1));
    cpus.erase(without.value_or(kMostHostCpus));
    return without.has_value();
  }
  const std::size_t dash = word.find('-');
  const std::optional<std::uint32_t> first = parse_cpu(word.substr(0, dash));
  const std::optional<std::uint32_t> last =
      dash == std::string_view::npos ? first : parse_cpu(word.substr(dash + 1));
  if (!first || !last || *last < *first) {
    return false;
  }
  for (std::uint32_t cpu = *first; cpu <= *last; ++cpu) {
    cpus.insert(cpu);
  }
  return true;
}

}  // namespace

const CpuSet& cpus_of_vcpu(const CpuPlacement& placement, std::uint32_t number) {
  const auto found = placement.vcpus.find(number);
  return found == placement.vcpus.end() ? placement.everything : found->second;
}

const CpuSet& cpus_of_emulator(const CpuPlacement& placement) {
  return placement.emulator.empty() ? placement.everything : placement.emulator;
}

std::optional<CpuSet> parse_cpu_set(std::string_view written) {
  std::set<std::uint32_t> cpus;
  for (std::size_t at = 0; at <= written.size();) {
    const std::size_t comma = std::min(written.find(',', at), written.size());
    if (!take(without_spaces(written.substr(at, comma - at)), cpus)) {
      return std::nullopt;
    }
    at = comma + 1;
  }
  return cpus.empty() ? std::nullopt : std::optional(CpuSet(cpus.begin(), cpus.end()));
}

std::string format_cpu_set(const CpuSet& cpus) {
  std::string written;
  for (std::size_t first = 0; first < cpus.size();) {
    std::size_t last = first;
    while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1) {
      ++last;
    }
    written += (written.empty() ? "" : ",") + std::to_string(cpus[first]);
    if (last > first) {
      written += "-" + std::to_string(cpus[last]);
    }
    first = last + 1;
  }
  return written;
}

Bytes mask_of(const CpuSet& cpus) {
  constexpr std::size_t kWordBits = 64;
  Bytes mask(cpus.empty() ? 0 : (cpus.back() / kWordBits + 1) * (kWordBits / 8));
  for (const std::uint32_t cpu : cpus) {
    mask[cpu / 8] = static_cast<std::uint8_t>(mask[cpu / 8] | (1U << (cpu % 8)));
  }
  return mask;
}

CpuSet cpus_in(ByteView mask) {
  CpuSet cpus;
  const std::size_t bits = std::min<std::size_t>(mask.size() * 8, kMostHostCpus);
  for (std::uint32_t cpu = 0; cpu < bits; ++cpu) {
    if ((mask[cpu / 8] >> (cpu % 8) & 1U) != 0) {
      cpus.push_back(cpu);
    }
  }
  return cpus;
}

}  // namespace virtsev::domain_xml
