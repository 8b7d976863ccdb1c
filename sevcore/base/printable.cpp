// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/base/printable.hpp"

#include <algorithm>

#include "sevcore/base/utf8.hpp"

namespace virtsev {
namespace {

bool is_control(std::uint32_t code) {
  return (code < 0x20 && code != '\n' && code != '\t') || (code >= 0x7f && code < 0xa0);
}

// Unicode's property Bidi_Control (UAX 9, section 2), and its separators of lines and paragraphs.
bool steers_writing(std::uint32_t code) {
  return code == 0x61c || (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

std::string printable(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const Utf8Character character = first_utf8_character(text);
    if (!character.valid || is_control(character.code) || steers_writing(character.code)) {
      result += '?';
    } else {
      result += text.substr(0, character.bytes);
    }
    text.remove_prefix(character.bytes);
  }
  return result;
}

std::string printable_line(std::string_view text) {
  std::string line = printable(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

std::string_view cut_at_character(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) {
    return text;
  }
  const auto continues = [&text](std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U;
  };
  std::size_t end = bytes;
  while (end > 0 && continues(end)) {
    --end;
  }
  return text.substr(0, end);
}

}  // namespace virtsev
