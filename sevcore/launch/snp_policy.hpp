// SPDX-License-Identifier: LGPL-2.1-or-later
// The guest policy of SEV-SNP: 64 bits, of another layout than SEV's (SEV-SNP Firmware ABI, AMD document
// 56860, guest policy).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace virtsev::sevcore {

class SnpPolicy {
 public:
  constexpr SnpPolicy() = default;
  constexpr explicit SnpPolicy(std::uint64_t value) : value_(value) {}
  [[nodiscard]] constexpr std::uint64_t value() const { return value_; }
  [[nodiscard]] constexpr bool has(unsigned bit) const { return ((value_ >> bit) & 1U) != 0; }
  friend constexpr bool operator==(SnpPolicy, SnpPolicy) = default;

 private:
  std::uint64_t value_ = 0;
};

/// What the policy says, for people: "0x30000: SMT".
std::string describe(SnpPolicy policy);

/// Reads base 16, with or without 0x, as libvirt's <policy> does; nothing where it is not a 64-bit number.
std::optional<SnpPolicy> parse_xml_snp_policy(std::string_view digits);

/// Reads 0x-prefixed hex or decimal, as the command line does; nothing where it is not a 64-bit number.
std::optional<SnpPolicy> parse_command_line_snp_policy(std::string_view digits);

}  // namespace virtsev::sevcore
