// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/svg/escape.hpp"

#include <cstdint>

namespace virtsev::cli::svg {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

/// One character at the beginning of a text.
struct Character {
  std::size_t bytes = 1;
  bool valid = false;  ///< UTF-8 (RFC 3629), and a character of XML 1.0
};

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80; }

bool allowed_in_xml(std::uint32_t code) {
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  const bool control = code < 0x20 && code != '\t' && code != '\n' && code != '\r';
  return !surrogate && !control && code != 0xfffe && code != 0xffff && code <= 0x10ffff;
}

Character first_of(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80              ? 1
                             : (lead & 0xe0U) == 0xc0 ? 2
                             : (lead & 0xf0U) == 0xe0 ? 3
                             : (lead & 0xf8U) == 0xf0 ? 4
                                                      : 0;
  if (length == 0 || text.size() < length) {
    return {};
  }
  std::uint32_t code = length == 1 ? lead : lead & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues(text[i])) {
      return {};
    }
    code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3fU);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[length]) {
    return {};
  }
  return {length, allowed_in_xml(code)};
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
    const Character character = first_of(text);
    if (!character.valid) {
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
    rest.remove_prefix(first_of(rest).bytes);
  }
  return std::string(text);
}

}  // namespace virtsev::cli::svg
