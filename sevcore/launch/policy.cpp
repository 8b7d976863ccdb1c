// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/launch/policy.hpp"

#include <array>

#include "sevcore/base/digits.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::sevcore {
namespace {

constexpr std::array kBits = {PolicyBit::kNoDebug, PolicyBit::kNoKeySharing, PolicyBit::kEs,
                              PolicyBit::kNoSend,  PolicyBit::kDomain,       PolicyBit::kSev};

}  // namespace

std::string_view name_of(PolicyBit bit) {
  switch (bit) {
    case PolicyBit::kNoDebug:
      return "NODBG";
    case PolicyBit::kNoKeySharing:
      return "NOKS";
    case PolicyBit::kEs:
      return "ES";
    case PolicyBit::kNoSend:
      return "NOSEND";
    case PolicyBit::kDomain:
      return "DOMAIN";
    case PolicyBit::kSev:
      return "SEV";
  }
  return "";
}

std::string describe(Policy policy) {
  std::string names;
  const auto add = [&](std::string_view name) {
    names += names.empty() ? "" : ", ";
    names += name;
  };
  for (const PolicyBit bit : kBits) {
    if (policy.has(bit)) {
      add(name_of(bit));
    }
  }
  if (policy.api_major() != 0 || policy.api_minor() != 0) {
    add(text("firmware API {}.{} or later", policy.api_major(), policy.api_minor()));
  }
  if (policy.reserved() != 0) {
    add(text("reserved bits {:#x}", policy.reserved()));
  }
  if (names.empty()) {
    names = text("nothing is required, and the host may debug the guest");
  }
  return text("{:#06x}: {}", policy.value(), names);
}

void check(Policy policy) {
  if (policy.reserved() != 0) {
    throw Error(ErrorCode::kConfigUnsupported,
                text("policy {:#06x} sets bits that are reserved ({:#x}): only bits 0 to 5 and the API "
                     "version in bits "
                     "16 to 31 have a meaning; write {:#06x}",
                     policy.value(), policy.reserved(), policy.value() & ~policy.reserved()));
  }
}

std::optional<Policy> parse_xml_policy(std::string_view digits) {
  const auto value = parse_hex<std::uint32_t>(digits);
  return value ? std::optional(Policy(*value)) : std::nullopt;
}

std::optional<Policy> parse_command_line_policy(std::string_view digits) {
  const auto value = parse_hex_or_decimal<std::uint32_t>(digits);
  return value ? std::optional(Policy(*value)) : std::nullopt;
}

}  // namespace virtsev::sevcore
