// SPDX-License-Identifier: LGPL-2.1-or-later
// Text made fit to stand in XML.
#pragma once

#include <string>

namespace virtsev {

/// Escapes & < > ' and ". Control characters, which XML 1.0 can't hold, become '?'.
std::string escape_xml(const std::string& text);

}  // namespace virtsev
