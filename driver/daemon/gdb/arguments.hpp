// SPDX-License-Identifier: LGPL-2.1-or-later
// What stands in a packet behind its command.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace virtsev::daemon::gdb {

/// The answer where they are not those of the command.
inline constexpr const char* kBadArguments = "E16";  // EINVAL, as gdb's own stubs say

/// In base 16 without 0x, all of it.
inline std::optional<std::uint64_t> hex_number(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return value;
}

/// What stands before `separator`, which is taken away with it; all where there is none.
inline std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view head = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return head;
}

}  // namespace virtsev::daemon::gdb
