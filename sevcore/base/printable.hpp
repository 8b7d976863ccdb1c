// SPDX-License-Identifier: LGPL-2.1-or-later
// Texts of others, made fit for people's terminals and for logs: the one rule, for all of virtsev.
#pragma once

#include <string>
#include <string_view>

namespace virtsev {

/// The same with a '?' for each character that a terminal would obey or that would make it show something
/// else than what stands there: control characters (C0 but for line end and tab, DEL, C1), marks and
/// overrides of the direction of writing, Unicode's own line and paragraph ends, and what is no UTF-8.
std::string printable(std::string_view text);

/// The same on one line, with a space for each line end: in a log nobody else begins a line.
std::string printable_line(std::string_view text);

/// At most `bytes` of it, cut where a character begins.
std::string_view cut_at_character(std::string_view text, std::size_t bytes);

}  // namespace virtsev
