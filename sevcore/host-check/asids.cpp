// SPDX-License-Identifier: LGPL-2.1-or-later
// The ASIDs of the host, and how many are in use.
#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>

#include "sevcore/host-check/asid_usage.hpp"
#include "sevcore/host-check/host_check.hpp"
#include "sevcore/host-check/small_file.hpp"

namespace virtsev::sevcore {
namespace {

/// A number at the beginning of `text`; one too large for 32 bits is as large as they can be.
std::optional<std::uint32_t> number_in(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    return std::numeric_limits<std::uint32_t>::max();
  }
  return error == std::errc() && end != text.data() ? std::optional(value) : std::nullopt;
}

/// The number behind `resource` in a file of lines "sev_es 99".
std::optional<std::uint32_t> number_of(std::string_view content, std::string_view resource) {
  while (!content.empty()) {
    const std::string_view line = content.substr(0, content.find('\n'));
    content.remove_prefix(std::min(line.size() + 1, content.size()));
    if (line.size() > resource.size() && line.starts_with(resource) && line[resource.size()] == ' ') {
      return number_in(line.substr(resource.size() + 1));
    }
  }
  return std::nullopt;
}

/// Of the root of version 2's hierarchy, else of version 1's.
std::optional<std::string> read_misc(const std::string& sys, const std::string& name) {
  auto content = read_small_file(sys + "/fs/cgroup/misc." + name);
  return content ? content : read_small_file(sys + "/fs/cgroup/misc/misc." + name);
}

void apply_capacity(std::string_view capacity, AsidUsage& usage) {
  const auto sev = number_of(capacity, "sev");
  const auto es = number_of(capacity, "sev_es");
  if (sev || es) {  // A kind that is not listed has none
    usage.sev.total = sev.value_or(0);
    usage.es.total = es.value_or(0);
  }
}

}  // namespace

AsidUsage read_asid_usage(const std::string& sys, const CpuFacts& cpu) {
  AsidUsage usage;
  usage.sev.total = cpu.sev_guests();
  usage.es.total = cpu.es_guests();
  // The root group alone has a capacity: in a container the other file would be that container's.
  if (const auto capacity = read_misc(sys, "capacity")) {
    apply_capacity(*capacity, usage);
    const std::string current = read_misc(sys, "current").value_or("");
    usage.sev.used = number_of(current, "sev");
    usage.es.used = number_of(current, "sev_es");
  }
  const auto hiding = read_small_file(sys + "/module/kvm_amd/parameters/ciphertext_hiding_asids");
  usage.hidden = std::min(hiding ? number_in(*hiding).value_or(0) : 0, usage.es.total);
  usage.es.total -= usage.hidden;
  return usage;
}

}  // namespace virtsev::sevcore
