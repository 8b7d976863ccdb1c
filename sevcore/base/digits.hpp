// SPDX-License-Identifier: LGPL-2.1-or-later
// Numbers as people write them: all of the text is the number, without sign or space.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace virtsev {

/// Nothing where it is not such a number, or does not fit into Number.
template <typename Number>
std::optional<Number> parse_digits(std::string_view digits, int base) {
  Number value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, base);
  return error == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

inline bool starts_with_0x(std::string_view digits) {
  return digits.starts_with("0x") || digits.starts_with("0X");
}

/// Base 16, with or without 0x, as libvirt reads a <policy>.
template <typename Number>
std::optional<Number> parse_hex(std::string_view digits) {
  return parse_digits<Number>(starts_with_0x(digits) ? digits.substr(2) : digits, 16);
}

/// 0x-prefixed hex, or decimal, as command lines have numbers.
template <typename Number>
std::optional<Number> parse_hex_or_decimal(std::string_view digits) {
  return starts_with_0x(digits) ? parse_digits<Number>(digits.substr(2), 16)
                                : parse_digits<Number>(digits, 10);
}

}  // namespace virtsev
