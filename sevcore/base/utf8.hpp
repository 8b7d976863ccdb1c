// SPDX-License-Identifier: LGPL-2.1-or-later
// UTF-8 (RFC 3629), of texts in which anything may stand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace virtsev {

struct Utf8Character {
  std::size_t bytes = 1;  ///< To where the next may begin
  std::uint32_t code = 0;
  bool valid = false;  ///< Bytes of UTF-8, and a character: no half of a surrogate pair
};

/// The first character of a text that is not empty.
Utf8Character first_utf8_character(std::string_view text);

}  // namespace virtsev
