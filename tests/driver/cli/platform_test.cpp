// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev platform: files of every kind, and what holds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sevcore/base/base64.hpp"
#include "tests/driver/cli/fakes/program.hpp"
#include "tests/driver/cli/fakes/simulated_platform.hpp"
#include "tests/sevcore/formats/published_chains.hpp"

namespace virtsev::cli::test {
namespace {

using testing::HasSubstr;

class Platform : public testing::Test {
 protected:
  SimulatedPlatform platform_;
  TemporaryDirectory directory_;
};

TEST_F(Platform, ASimulatedChainHoldsAndSaysLoudlyWhatItIs) {
  const Outcome outcome = virtsev({"platform", "verify", directory_.write("chain", platform_.exported())});
  EXPECT_EQ(outcome.status, 3);
  EXPECT_THAT(outcome.output, HasSubstr("SIMULATED"));
}

TEST_F(Platform, OneChangedByteInAnyCertificateBreaksTheChain) {
  // In the public key of each of the four certificates.
  for (std::size_t certificate = 0; certificate < 4; ++certificate) {
    Bytes changed = platform_.exported();
    changed[certificate * 2084 + 0x18] ^= 1;
    const Outcome outcome = virtsev({"platform", "verify", directory_.write("chain", changed)});
    EXPECT_EQ(outcome.status, 1) << certificate << outcome.output << outcome.errors;
  }
}

TEST_F(Platform, TakesBase64AndSeveralFilesInAnyOrder) {
  const Bytes all = platform_.exported();
  const ByteView view(all);
  const std::string chain = directory_.write("chain", view.subspan(2084));
  const std::string pdh = directory_.write("pdh.b64", to_base64(view.first(2084)) + "\n");
  EXPECT_EQ(virtsev({"platform", "verify", chain, pdh}).status, 3);
  // As nodesevinfo prints them: two pieces of base64, one after the other.
  const std::string both =
      directory_.write("both.b64", to_base64(view.first(2084)) + "\n" + to_base64(view.subspan(2084)) + "\n");
  EXPECT_EQ(virtsev({"platform", "verify", both}).status, 3);
}

TEST_F(Platform, ARealChainWhoseRootIsNotKnownIsNotCalledGood) {
  const std::string real = directory_.write("real", sevcore::test::expand(sevcore::test::kEpyc7002Chain));
  const Outcome outcome = virtsev({"platform", "verify", real, "--json"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.json()["verdict"], "unknown-root");
}

TEST_F(Platform, NamesWhatIsMissing) {
  const Outcome outcome = virtsev({"platform", "verify", directory_.write("pdh", platform_.pdh())});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("PEK, OCA, CEK"));
}

TEST_F(Platform, RefusesWhatIsNoCertificateAndNamesTheFile) {
  for (const std::string& content : {std::string("no certificate"), std::string(3000, '\0'), std::string()}) {
    const Outcome outcome = virtsev({"platform", "verify", directory_.write("nonsense", content)});
    EXPECT_EQ(outcome.status, 2);
    EXPECT_THAT(outcome.errors, HasSubstr("/nonsense"));
  }
  Bytes cut = platform_.exported();
  cut.pop_back();
  EXPECT_EQ(virtsev({"platform", "verify", directory_.write("cut", cut)}).status, 2);
}

TEST_F(Platform, RefusesTwoDifferentCertificatesOfAKind) {
  const std::string one = directory_.write("one", platform_.exported());
  const std::string other = directory_.write("other", SimulatedPlatform().pdh());
  EXPECT_THAT(virtsev({"platform", "verify", one, other}).errors, HasSubstr("second PDH"));
}

TEST_F(Platform, ShowsEachCertificateWithItsSigners) {
  const auto list =
      virtsev({"platform", "show", directory_.write("chain", platform_.exported()), "--json"}).json();
  ASSERT_EQ(list.size(), 4U);
  EXPECT_EQ(list[0]["kind"], "PDH");
  EXPECT_EQ(list[0]["signers"], nlohmann::json::array({"PEK"}));
  EXPECT_EQ(list[1]["kind"], "PEK");
  EXPECT_EQ(list[1]["signers"].size(), 2U);
  EXPECT_EQ(list[1]["key"].get<std::string>().size(), 64U);
}

TEST_F(Platform, SaysWhyAHostCanNotBeAsked) {
  const Outcome outcome =
      virtsev({"platform", "export", "--uri", "sev+unix:///system?socket=/nowhere/virtsevd-sock", "--out",
               directory_.path("x")});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("/nowhere/virtsevd-sock"));
}

}  // namespace
}  // namespace virtsev::cli::test
