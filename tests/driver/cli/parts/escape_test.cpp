// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/svg/escape.hpp"

#include <gtest/gtest.h>

namespace virtsev::cli::svg::test {
namespace {

constexpr const char* kReplacement = "\xef\xbf\xbd";

TEST(Escape, LeavesOrdinaryTextAlone) { EXPECT_EQ(escape("Läuft – 4 KiB\t日本"), "Läuft – 4 KiB\t日本"); }

TEST(Escape, WritesMarkupAsText) { EXPECT_EQ(escape("</text>&\"'"), "&lt;/text&gt;&amp;&quot;'"); }

TEST(Escape, ReplacesCharactersThatXmlForbids) {
  for (const char* forbidden :
       {"\x01", "\x1b", "\xed\xa0\x80" /* a surrogate */, "\xef\xbf\xbe", "\xf4\x90\x80\x80"}) {
    EXPECT_EQ(escape(forbidden), kReplacement) << forbidden;
  }
}

TEST(Escape, ReplacesBytesThatAreNoUtf8) {
  EXPECT_EQ(escape("a\xff z"), std::string("a") + kReplacement + " z");
  EXPECT_EQ(escape("\xc0\xaf"), std::string(kReplacement) + kReplacement);  // "/", longer than it may be
  EXPECT_EQ(escape("\xe2\x82"), std::string(kReplacement) + kReplacement);  // Cut off
  EXPECT_EQ(escape("\xc3<"), std::string(kReplacement) + "&lt;");
}

TEST(Shorten, CutsAtCharactersNotBytes) {
  EXPECT_EQ(shorten("äöü", 3), "äöü");
  EXPECT_EQ(shorten("äöüß", 3), "äö…");
  EXPECT_EQ(shorten("", 3), "");
  EXPECT_EQ(shorten("\xff\xff\xff", 2), "\xff…");
}

}  // namespace
}  // namespace virtsev::cli::svg::test
