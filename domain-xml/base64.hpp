// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether a text is base64 (RFC 4648, section 4), and of how many bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace virtsev::domain_xml {

/// Nothing where `digits` holds anything else (white space too), or lacks padding.
std::optional<std::size_t> base64_decoded_size(std::string_view digits);

}  // namespace virtsev::domain_xml
