// SPDX-License-Identifier: LGPL-2.1-or-later
// What the kernel says of a process or a thread in its stat file.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace virtsev {

/// A number of /proc/PID/stat, by its place as proc(5) counts them, from 4 on; nothing where it is not there.
/// The second field, a name in parentheses, may hold anything: what follows is counted from its end.
inline std::optional<std::uint64_t> stat_field(std::string_view stat, int field) {
  std::size_t position = stat.rfind(')');
  for (int at = 2; at < field && position != std::string_view::npos; ++at) {
    position = stat.find(' ', position + 1);
  }
  std::uint64_t value = 0;
  const bool found =
      position != std::string_view::npos &&
      std::from_chars(stat.data() + position + 1, stat.data() + stat.size(), value).ec == std::errc();
  return found ? std::optional(value) : std::nullopt;
}

}  // namespace virtsev
