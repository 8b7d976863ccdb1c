// SPDX-License-Identifier: LGPL-2.1-or-later
// Base64 (RFC 4648, section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sevcore/base/bytes.hpp"

namespace virtsev {

/// With padding, without line breaks.
std::string to_base64(ByteView bytes);

/// White space anywhere is skipped, as XML and files have it. Nothing where anything else is not exactly RFC
/// 4648: another character, missing or misplaced padding, bits after the last byte that are not zero.
std::optional<Bytes> from_base64(std::string_view text);

}  // namespace virtsev
