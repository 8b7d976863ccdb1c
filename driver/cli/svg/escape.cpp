// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/svg/escape.hpp"

#include <cstdint>

#include "sevcore/base/utf8.hpp"

namespace virtsev::cli::svg {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

bool allowed_in_xml(std::uint32_t code) {  // Of UTF-8's characters (XML 1.0, production 2)
  const bool control = code < 0x20 && code != '\t' && code != '\n' && code != '\r';
  return !control && code != 0xfffe && code != 0xffff;
}

std::string_view entity_of(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    default:
      return {};
  }
}

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Character character = first_utf8_character(text);
    if (!character.valid || !allowed_in_xml(character.code)) {
      out += kReplacement;
    } else if (const std::string_view entity = entity_of(text.front()); !entity.empty()) {
      out += entity;
    } else {
      out += text.substr(0, character.bytes);
    }
    text.remove_prefix(character.bytes);
  }
  return out;
}

std::string shorten(std::string_view text, std::size_t limit) {
  std::size_t characters = 0;
  std::size_t kept = 0;  // Bytes of the first limit - 1 characters
  std::string_view rest = text;
  while (!rest.empty()) {
    if (characters + 1 == limit) {
      kept = text.size() - rest.size();
    }
    if (++characters > limit) {
      return std::string(text.substr(0, kept)) + "…";
    }
    rest.remove_prefix(first_utf8_character(rest).bytes);
  }
  return std::string(text);
}

}  // namespace virtsev::cli::svg
