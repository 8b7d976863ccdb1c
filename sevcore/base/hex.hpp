// SPDX-License-Identifier: LGPL-2.1-or-later
// Bytes as pairs of hexadecimal digits.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sevcore/base/bytes.hpp"

namespace virtsev {

/// Lower case.
std::string to_hex(ByteView bytes);

/// Either case; nothing where the length is odd or a character is not a digit.
std::optional<Bytes> from_hex(std::string_view text);

}  // namespace virtsev
