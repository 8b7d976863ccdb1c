// SPDX-License-Identifier: LGPL-2.1-or-later
// What of other people's texts reaches a terminal.
#include "sevcore/base/printable.hpp"

#include <string>

#include <gtest/gtest.h>

#include "sevcore/base/utf8.hpp"

namespace virtsev {
namespace {

TEST(Printable, LeavesPeoplesTextsAsTheyAre) {
  const std::string text = "Grüße, 世界: 😀\n\t\"x\" עברית عربى";
  EXPECT_EQ(text, printable(text));
  EXPECT_EQ("", printable(""));
}

TEST(Printable, HasNoControlCharacters) {
  for (unsigned code = 0; code < 0xa0; ++code) {
    const bool two_bytes = code >= 0x80;
    std::string text = two_bytes ? "\xc2" : "";
    text += static_cast<char>(code);
    const bool kept = code == '\n' || code == '\t' || (code >= 0x20 && code < 0x7f);
    EXPECT_EQ(kept ? text : "?", printable(text)) << code;
  }
  EXPECT_EQ("?[31mred?]0;title?", printable("\x1b[31mred\xc2\x9d"
                                            "]0;title\a"));
}

TEST(Printable, HasNothingThatTurnsTheWritingRound) {
  for (const char* mark : {"\u061c", "\u200e", "\u200f", "\u2028", "\u2029", "\u202a", "\u202b", "\u202c",
                           "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"}) {
    EXPECT_EQ("a?b", printable("a" + std::string(mark) + "b")) << mark;
  }
  EXPECT_EQ("\u2027\u202f\u2065\u206a", printable("\u2027\u202f\u2065\u206a")) << "their neighbours stay";
}

TEST(Printable, HasAQuestionMarkForWhatIsNoUtf8) {
  EXPECT_EQ("??", printable("\xff\xfe"));
  EXPECT_EQ("?", printable("\x9b")) << "CSI, to a terminal that takes bytes";
  EXPECT_EQ("??", printable("\xc0\xaf")) << "longer than it need be";
  EXPECT_EQ("???", printable("\xe0\x80\x9b"));
  EXPECT_EQ("?", printable("\xed\xa0\x80")) << "half of a surrogate pair";
  EXPECT_EQ("?", printable("\xf4\x90\x80\x80")) << "above the last character";
  EXPECT_EQ("a??b", printable("a\xe2\x80"
                              "b"))
      << "cut off";
}

TEST(Printable, IsUtf8WhateverTheBytesWere) {
  std::string all;
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; second += 7) {
      all += {static_cast<char>(first), static_cast<char>(second), static_cast<char>(first ^ second)};
    }
  }
  const std::string result = printable(all);
  for (std::string_view rest = result; !rest.empty();) {
    const Utf8Character character = first_utf8_character(rest);
    ASSERT_TRUE(character.valid);
    rest.remove_prefix(character.bytes);
  }
  EXPECT_EQ(result, printable(result));
}

TEST(Printable, OnOneLineHasNoLineEnds) { EXPECT_EQ("a b ?c", printable_line("a\nb\n\rc")); }

TEST(Printable, IsCutWhereACharacterBegins) {
  EXPECT_EQ("abc", cut_at_character("abc", 3));
  EXPECT_EQ("ab", cut_at_character("abc", 2));
  EXPECT_EQ("a", cut_at_character("aü", 2));
  EXPECT_EQ("aü", cut_at_character("aüb", 3));
  EXPECT_EQ("", cut_at_character("\x80\x80\x80", 2));
}

}  // namespace
}  // namespace virtsev
