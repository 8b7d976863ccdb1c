// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain-xml/domain_definition.hpp"
#include "sevcore/crypto/crypto.hpp"

namespace virtsev::domain_xml {
namespace {

/// A hyphen stands before these bytes (RFC 9562, section 4).
constexpr bool hyphen_before(std::size_t byte) { return byte == 4 || byte == 6 || byte == 8 || byte == 10; }

int digit_of(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

std::string format_uuid(const Uuid& uuid) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    if (hyphen_before(i)) {
      out += '-';
    }
    out += kDigits[uuid[i] >> 4];
    out += kDigits[uuid[i] & 15];
  }
  return out;
}

std::optional<Uuid> parse_uuid(const std::string& text) {
  const bool hyphens = text.size() == 36;
  if (!hyphens && text.size() != 32) {
    return std::nullopt;
  }
  Uuid uuid;
  std::size_t at = 0;
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    if (hyphens && hyphen_before(i) && text[at++] != '-') {
      return std::nullopt;
    }
    const int high = digit_of(text[at++]);
    const int low = digit_of(text[at++]);
    if (high < 0 || low < 0) {
      return std::nullopt;
    }
    uuid[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return uuid;
}

Uuid random_uuid() {
  Uuid uuid;
  sevcore::crypto::fill_random(uuid);
  // Version 4, variant 10 (RFC 9562, section 5.4).
  uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0f) | 0x40);
  uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3f) | 0x80);
  return uuid;
}

}  // namespace virtsev::domain_xml
