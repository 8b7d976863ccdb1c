// SPDX-License-Identifier: LGPL-2.1-or-later
// Bytes as text: base 16 and base 64 (RFC 4648).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sevcore/base/bytes.hpp"

namespace virtsev::daemon {

std::string to_hex(ByteView bytes);
/// Nothing where it is not hex digits in pairs.
std::optional<Bytes> from_hex(std::string_view digits);

std::string to_base64(ByteView bytes);
/// White space anywhere is fine (clients send files as they are); padding must be right. Nothing for anything
/// else.
std::optional<Bytes> from_base64(std::string_view text);

}  // namespace virtsev::daemon
