// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/base/utf8.hpp"

namespace virtsev {
namespace {

std::size_t length_of(unsigned char lead) {
  if (lead < 0x80) {
    return 1;
  }
  if ((lead & 0xe0U) == 0xc0) {
    return 2;
  }
  if ((lead & 0xf0U) == 0xe0) {
    return 3;
  }
  return (lead & 0xf8U) == 0xf0 ? 4 : 0;
}

// What fewer bytes can say is no UTF-8.
constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};

bool is_character(std::uint32_t code) { return (code < 0xd800 || code >= 0xe000) && code <= 0x10ffff; }

}  // namespace

Utf8Character first_utf8_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = length_of(lead);
  if (length == 0 || text.size() < length) {
    return {};
  }
  std::uint32_t code = length == 1 ? lead : lead & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xc0U) != 0x80) {
      return {};
    }
    code = code << 6 | (byte & 0x3fU);
  }
  return code < kLeast[length] ? Utf8Character{} : Utf8Character{length, code, is_character(code)};
}

}  // namespace virtsev
