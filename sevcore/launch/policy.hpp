// SPDX-License-Identifier: LGPL-2.1-or-later
// The guest policy of SEV and SEV-ES: its bits, their names, and the rules that hold for any host.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace virtsev::sevcore {

/// SEV API (AMD document 55766), guest policy structure. Linux: include/linux/psp-sev.h.
enum class PolicyBit : std::uint8_t {
  kNoDebug = 0,
  kNoKeySharing = 1,
  kEs = 2,
  kNoSend = 3,
  kDomain = 4,
  kSev = 5
};

class Policy {
 public:
  constexpr Policy() = default;
  constexpr explicit Policy(std::uint32_t value) : value_(value) {}
  [[nodiscard]] constexpr std::uint32_t value() const { return value_; }
  [[nodiscard]] constexpr bool has(PolicyBit bit) const {
    return (value_ >> static_cast<unsigned>(bit)) & 1U;
  }
  [[nodiscard]] constexpr std::uint8_t api_major() const { return static_cast<std::uint8_t>(value_ >> 16); }
  [[nodiscard]] constexpr std::uint8_t api_minor() const { return static_cast<std::uint8_t>(value_ >> 24); }
  /// Bits 6-15, which no specification gives a meaning.
  [[nodiscard]] constexpr std::uint32_t reserved() const { return value_ & 0xffc0U; }
  friend constexpr bool operator==(Policy, Policy) = default;

 private:
  std::uint32_t value_ = 0;
};

/// The specification's name of a bit: NODBG, NOKS, ES, NOSEND, DOMAIN, SEV.
std::string_view name_of(PolicyBit bit);

/// What the policy says, for people: "0x0005: NODBG, ES".
std::string describe(Policy policy);

/// Throws Error(kConfigUnsupported) naming the reserved bits that are set, and what to write instead.
void check(Policy policy);

/// Reads base 16, with or without 0x, as libvirt's <policy> does; nothing where it is no 32-bit number.
std::optional<Policy> parse_xml_policy(std::string_view digits);

/// Reads 0x-prefixed hex or decimal, as the command line does; nothing where it is no 32-bit number.
std::optional<Policy> parse_command_line_policy(std::string_view digits);

}  // namespace virtsev::sevcore
