// SPDX-License-Identifier: LGPL-2.1-or-later
// The program as a whole: help, version, what is asked wrongly.
#include "tests/driver/cli/fakes/program.hpp"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace virtsev::cli::test {
namespace {

using testing::HasSubstr;

TEST(Program, TellsItsVersion) {
  const Outcome outcome = virtsev({"--version"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.output, "virtsev " VIRTSEV_VERSION "\n");
}

TEST(Program, HelpNamesEverySubcommand) {
  const Outcome outcome = virtsev({"--help"});
  EXPECT_EQ(outcome.status, 0);
  for (const char* name : {"host", "platform", "session", "measure", "verify", "secret"}) {
    EXPECT_THAT(outcome.output, HasSubstr(std::string("\n  ") + name));
  }
}

TEST(Program, HelpOfASubcommandNamesTheOptionsThatScriptsUse) {
  const std::string verify = virtsev({"verify", "--help"}).output;
  for (const char* name : {"--measurement", "--tik", "--policy", "--api", "--build", "--launch-digest",
                           "--kernel", "--initrd", "--cmdline", "--vcpus", "--vmsa", "--json"}) {
    EXPECT_THAT(verify, HasSubstr(name));
  }
}

TEST(Program, RefusesNothingUnknownAndIncompleteWithTwo) {
  EXPECT_EQ(virtsev({}).status, 2);
  const Outcome unknown = virtsev({"frobnicate"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_THAT(unknown.errors, HasSubstr("frobnicate"));
  EXPECT_EQ(virtsev({"measure", "--frobnicate"}).status, 2);
  EXPECT_EQ(virtsev({"session", "--policy", "7"}).status, 2);
}

TEST(Program, FailsWhereItsResultCanNotBeWritten) {
  // The shell opens /dev/full, on which every write fails.
  EXPECT_NE(std::system(VIRTSEV_PROGRAM " host >/dev/full 2>/dev/null"), 0);
  const int status = std::system(VIRTSEV_PROGRAM " host --json >/dev/full 2>/dev/null");
  EXPECT_EQ(WEXITSTATUS(status), 2);
}

TEST(Host, AnswersInJsonWithAReasonForEverythingThatIsMissing) {
  const Outcome outcome = virtsev({"host", "--json"});
  const auto value = outcome.json();
  const bool usable = value["sev"]["usable"].truth() && value["sev_es"]["usable"].truth();
  EXPECT_EQ(outcome.status, usable ? 0 : 1);
  for (const char* name : {"sev", "sev_es"}) {
    EXPECT_EQ(value[name]["usable"].truth(), value[name]["findings"].empty());
  }
}

TEST(Program, SaysWhatIsAskedWronglyInItsOwnNameAndInTheUsersOrder) {
  const Outcome extra = virtsev({"measure", "one.xml", "two.xml", "three.xml"});
  EXPECT_EQ(extra.status, 2);
  EXPECT_EQ(extra.errors,
            "virtsev: not expected here: two.xml three.xml; `virtsev measure --help` lists what there is\n");
  const Outcome misspelt = virtsev({"sesion", "--out", "x"});
  EXPECT_EQ(misspelt.status, 2);
  EXPECT_EQ(misspelt.errors.rfind("virtsev: not expected here: sesion --out x;", 0), 0U) << misspelt.errors;
  EXPECT_EQ(
      virtsev({"platform", "verify"}).errors.rfind("virtsev: FILE is required; `virtsev platform verify", 0),
      0U);
}

TEST(Program, ACommandLineMayBeginAsAnOptionDoes) {
  for (const char* line : {"-v x", "--verbose", "", "quiet"}) {
    const Outcome outcome = virtsev({"measure", "--policy", "1", "--kernel", "/nowhere", "--cmdline", line});
    EXPECT_THAT(outcome.errors, HasSubstr("/nowhere")) << line;
  }
}

TEST(Program, NamesTheFolderThatIsMissing) {
  const TemporaryDirectory directory;
  const std::string tik = directory.write("tik", std::string(16, 'i'));
  const std::string tek = directory.write("tek", std::string(16, 'e'));
  const std::string key = directory.write("key", std::string(16, 'k'));
  const Outcome outcome =
      virtsev({"secret", "--tik", tik, "--tek", tek, "--measurement", std::string(64, 'B'), "--entry",
               "luks-key=" + key, "--out", directory.path("a/b/c")});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("there is no " + directory.path("a") + ";"));
}

TEST(Program, LetsNoFileSteerTheTerminal) {
  const Outcome outcome = virtsev({"measure",
                                   "/nowhere\x1b[31m\xc2\x9b"
                                   "1m"});
  EXPECT_THAT(outcome.errors, HasSubstr("/nowhere?[31m?1m"));
}

}  // namespace
}  // namespace virtsev::cli::test
