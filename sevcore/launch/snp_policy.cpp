// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/launch/snp_policy.hpp"

#include "sevcore/base/digits.hpp"
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
  const auto value = parse_hex<std::uint64_t>(digits);
  return value ? std::optional(SnpPolicy(*value)) : std::nullopt;
}

std::optional<SnpPolicy> parse_command_line_snp_policy(std::string_view digits) {
  const auto value = parse_hex_or_decimal<std::uint64_t>(digits);
  return value ? std::optional(SnpPolicy(*value)) : std::nullopt;
}

}  // namespace virtsev::sevcore
