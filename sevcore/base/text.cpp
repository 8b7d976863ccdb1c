// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/base/text.hpp"

#include <clocale>

#include <fmt/format.h>
#include <libintl.h>

namespace virtsev {

std::string format_text(const char* message_id, fmt::format_args arguments) {
  try {
    return fmt::vformat(dgettext(kTextDomain, message_id), arguments);
  } catch (const fmt::format_error&) {
    return fmt::vformat(message_id, arguments);
  }
}

void set_up_text() {
  setlocale(LC_MESSAGES, "");
  setlocale(LC_CTYPE, "");
  bindtextdomain(kTextDomain, VIRTSEV_LOCALE_DIR);
  bind_textdomain_codeset(kTextDomain, "UTF-8");
}

}  // namespace virtsev
