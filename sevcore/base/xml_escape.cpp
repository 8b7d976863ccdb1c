// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/base/xml_escape.hpp"

#include "sevcore/base/printable.hpp"

namespace virtsev {

std::string escape_xml(const std::string& text) {
  std::string escaped;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '\'':
        escaped += "&apos;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

}  // namespace virtsev
