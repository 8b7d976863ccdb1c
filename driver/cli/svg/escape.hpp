// SPDX-License-Identifier: LGPL-2.1-or-later
// Any bytes as text that may stand in XML.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace virtsev::cli::svg {

/// For an element's text and for attributes in double quotes. What is no UTF-8, or no character of XML 1.0
/// (section 2.2), becomes U+FFFD.
std::string escape(std::string_view text);

/// At most `limit` characters; the last of them "…" where some were left out. Bytes that are no UTF-8 count
/// as one each.
std::string shorten(std::string_view text, std::size_t limit);

}  // namespace virtsev::cli::svg
