// SPDX-License-Identifier: LGPL-2.1-or-later
// Bytes as text in base 16 (RFC 4648, lower case).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sevcore/base/bytes.hpp"

namespace virtsev::daemon {

std::string to_hex(ByteView bytes);
/// Nothing where it is not lower-case hex digits in pairs.
std::optional<Bytes> from_hex(std::string_view digits);

}  // namespace virtsev::daemon
