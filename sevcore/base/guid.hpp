// SPDX-License-Identifier: LGPL-2.1-or-later
// A GUID as UEFI stores it: the first three groups of its text little-endian, the rest as written.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sevcore/base/bytes.hpp"

namespace virtsev {

struct Guid {
  ByteArray<16> bytes{};
  friend constexpr bool operator==(const Guid&, const Guid&) = default;
};

/// Reads "1e74f542-71dd-4d66-963e-ef4287ff173b", in either case; nothing where the text is anything else.
constexpr std::optional<Guid> parse_guid(std::string_view text) {
  // Where each pair of digits of the text goes (UEFI 2.10, appendix A).
  constexpr std::size_t kPlaces[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
  if (text.size() != 36) {
    return std::nullopt;
  }
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  Guid guid;
  std::size_t at = 0;
  for (const std::size_t place : kPlaces) {
    if (at == 8 || at == 13 || at == 18 || at == 23) {
      if (text[at++] != '-') {
        return std::nullopt;
      }
    }
    const int high = digit(text[at]);
    const int low = digit(text[at + 1]);
    if (high < 0 || low < 0) {
      return std::nullopt;
    }
    guid.bytes[place] = static_cast<std::uint8_t>(high * 16 + low);
    at += 2;
  }
  return guid;
}

std::string to_string(const Guid& guid);

}  // namespace virtsev
