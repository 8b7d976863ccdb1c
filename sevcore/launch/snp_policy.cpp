// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/launch/snp_policy.hpp"

#include <charconv>

#include "sevcore/base/text.hpp"

namespace virtsev::sevcore {
namespace {

struct Bit {
  unsigned number;
  const char* name;
};
constexpr Bit kBits[] = {
    {16, "SMT"},       {18, "MIGRATE_MA"},      {19, "DEBUG"},    {20, "SINGLE_SOCKET"},
    {21, "CXL_ALLOW"}, {22, "MEM_AES_256_XTS"}, {23, "RAPL_DIS"}, {24, "CIPHERTEXT_HIDING_DRAM"}};

std::optional<SnpPolicy> parse(std::string_view digits, int base) {
  std::uint64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, base);
  return error == std::errc() && stop == end ? std::optional(SnpPolicy(value)) : std::nullopt;
}

bool starts_with_0x(std::string_view digits) { return digits.starts_with("0x") || digits.starts_with("0X"); }

}  // namespace

std::string describe(SnpPolicy policy) {
  std::string names;
  const auto add = [&names](std::string_view name) {
    names += names.empty() ? "" : ", ";
    names += name;
  };
  for (const Bit& bit : kBits) {
    if (policy.has(bit.number)) {
      add(bit.name);
    }
  }
  if ((policy.value() & 0xffffU) != 0) {
    add(text("firmware API {}.{} or later", (policy.value() >> 8) & 0xffU, policy.value() & 0xffU));
  }
  return names.empty() ? fmt::format("{:#x}", policy.value())
                       : fmt::format("{:#x}: {}", policy.value(), names);
}

std::optional<SnpPolicy> parse_xml_snp_policy(std::string_view digits) {
  if (starts_with_0x(digits)) {
    digits.remove_prefix(2);
  }
  return parse(digits, 16);
}

std::optional<SnpPolicy> parse_command_line_snp_policy(std::string_view digits) {
  return starts_with_0x(digits) ? parse(digits.substr(2), 16) : parse(digits, 10);
}

}  // namespace virtsev::sevcore
