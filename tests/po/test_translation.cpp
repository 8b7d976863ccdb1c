// SPDX-License-Identifier: LGPL-2.1-or-later
// A text reaches its reader in his language.
#include <clocale>
#include <cstdlib>

#include <gtest/gtest.h>
#include <libintl.h>

#include "domain-xml/domain_definition.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev {
namespace {

class Translation : public testing::Test {
 protected:
  void SetUp() override {
    set_up_text();
    // The catalogue of this build, in place of the installed one.
    ASSERT_NE(bindtextdomain(kTextDomain, VIRTSEV_BUILT_LOCALE_DIR), nullptr);
  }
  void TearDown() override { speak(""); }

  /// LANGUAGE has a say in every locale but plain C.
  static void speak(const char* language) {
    setenv("LANGUAGE", language, 1);
    ASSERT_NE(setlocale(LC_ALL, "C.UTF-8"), nullptr);
  }

  static std::string refusal() {
    try {
      domain_xml::parse("<network/>");
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
};

TEST_F(Translation, ShowsUpInTheUsersLanguage) {
  speak("de");
  EXPECT_EQ(refusal(), "<network> (Zeile 1): das äußerste Element muss <domain> sein");
}

TEST_F(Translation, IsTheOriginalWhereThereIsNone) {
  speak("xx");
  EXPECT_EQ(refusal(), "<network> (line 1): the outermost element has to be <domain>");
}

}  // namespace
}  // namespace virtsev
