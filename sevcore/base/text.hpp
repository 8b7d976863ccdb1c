// SPDX-License-Identifier: LGPL-2.1-or-later
// Every text that a user reads goes through text(): translated with gettext, then formatted with fmt.
#pragma once

#include <string>

#include <fmt/core.h>

namespace virtsev {

/// The gettext domain of all programs of virtsev.
inline constexpr const char* kTextDomain = "virtsev";

/// Translates and formats. A translation whose fields do not fit falls back to the untranslated text, so that
/// a faulty catalogue can't turn an error message into a crash.
std::string format_text(const char* message_id, fmt::format_args arguments);

/// Translates `message_id` and fills its {} with the arguments.
template <typename... Arguments>
std::string text(const char* message_id, const Arguments&... arguments) {
  return format_text(message_id, fmt::make_format_args(arguments...));
}

/// Reads the user's locale and binds the catalogue; called once, first thing, by each program's main().
void set_up_text();

}  // namespace virtsev
