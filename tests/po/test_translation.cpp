// SPDX-License-Identifier: LGPL-2.1-or-later
// A text reaches its reader in his language.
#include <clocale>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <libintl.h>

#include "domain-xml/domain_definition.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev {
namespace {

class Translation : public testing::Test {
 protected:
  /// In the locales C and C.UTF-8 gettext (Debian 13's) asks nobody for a language: a real one is made for
  /// this test.
  static void SetUpTestSuite() {
    std::string directory = (std::filesystem::temp_directory_path() / "virtsev-locale-XXXXXX").string();
    ASSERT_NE(mkdtemp(directory.data()), nullptr);
    locales_ = directory;
    const std::string command =
        "localedef --no-archive -i de_DE -f UTF-8 '" + locales_ + "/" + kLocale + "' 2>&1";
    made_ = std::system(command.c_str()) == 0;
    setenv("LOCPATH", locales_.c_str(), 1);
  }
  static void TearDownTestSuite() {
    unsetenv("LOCPATH");
    std::filesystem::remove_all(locales_);
  }
  void SetUp() override {
    if (!made_) {
      GTEST_SKIP() << "localedef can't make the locale de_DE (Debian: locales)";
    }
    set_up_text();
    // The catalogue of this build, in place of the installed one.
    ASSERT_NE(bindtextdomain(kTextDomain, VIRTSEV_BUILT_LOCALE_DIR), nullptr);
  }
  void TearDown() override { setlocale(LC_ALL, "C"); }

  /// LANGUAGE has a say in every real locale.
  static void speak(const char* language) {
    setenv("LANGUAGE", language, 1);
    ASSERT_NE(setlocale(LC_ALL, kLocale), nullptr);
  }

  static std::string refusal() {
    try {
      domain_xml::parse("<network/>");
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  static constexpr const char* kLocale = "de_DE.UTF-8";
  static inline std::string locales_;
  static inline bool made_ = false;
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
