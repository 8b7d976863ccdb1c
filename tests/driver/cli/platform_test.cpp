// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev platform: files of every kind, and what holds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sevcore/base/base64.hpp"
#include "sevcore/certificates/simulated_root.hpp"
#include "tests/driver/cli/fakes/program.hpp"
#include "tests/driver/cli/fakes/simulated_platform.hpp"
#include "tests/sevcore/certificates/own_root.hpp"
#include "tests/sevcore/certificates/published_chains.hpp"

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

TEST_F(Platform, RealChainsHoldUpToAmdWithAndWithoutAskAndArk) {
  for (const auto& [chain, product] : {std::pair(sevcore::test::epyc_7001_chain(), "EPYC 7001 (Naples)"),
                                       std::pair(sevcore::test::epyc_7002_chain(), "EPYC 7002 (Rome)")}) {
    for (const std::size_t size : {chain.size(), std::size_t{4} * 2084}) {
      const std::string file = directory_.write("real", ByteView(chain).first(size));
      const Outcome outcome = virtsev({"platform", "verify", file, "--json"});
      EXPECT_EQ(outcome.status, 0) << outcome.output;
      EXPECT_EQ(outcome.json()["verdict"], "amd");
      EXPECT_EQ(outcome.json()["product"], product);
      EXPECT_EQ(virtsev({"platform", "verify", file}).status, 0);
    }
  }
}

TEST_F(Platform, OneChangedByteOfARealChainBreaksIt) {
  const Bytes good = sevcore::test::epyc_7001_chain();
  // The public key of each of the six certificates, the signature of each that has to have one.
  for (const std::size_t at : {0x18, 2084 + 0x18, 4168 + 0x18, 6252 + 0x18, 8336 + 400, 9168 + 400, 0x41c,
                               2084 + 0x41c, 4168 + 0x41c, 6252 + 0x41c, 8336 + 700, 9168 + 700}) {
    Bytes changed = good;
    changed[at] ^= 1;
    const Outcome outcome = virtsev({"platform", "verify", directory_.write("changed", changed)});
    EXPECT_EQ(outcome.status, 1) << at << outcome.output << outcome.errors;
  }
}

TEST_F(Platform, TakesAmdsFirstArkAsItIsDistributedWithoutASignature) {
  const Bytes chain = sevcore::test::epyc_7001_chain();
  const ByteView view(chain);
  const std::string four = directory_.write("four", view.first(8336));
  const std::string root = directory_.write("ask_ark.cert", view.subspan(8336, 832 + 576));
  EXPECT_EQ(virtsev({"platform", "verify", four, root}).status, 0);
  Bytes changed(view.begin() + 8336, view.begin() + 8336 + 832 + 576);
  changed[832 + 100] ^= 1;
  EXPECT_EQ(virtsev({"platform", "verify", four, directory_.write("changed", changed)}).status, 1);
}

TEST_F(Platform, ARootOfSomebodysOwnIsNotCalledGood) {
  const sevcore::test::OwnRoot root = sevcore::test::make_own_root();
  sign(platform_.certificates.cek, root);
  const std::string chain = directory_.write("chain", platform_.exported());
  const std::string ask = directory_.write("ask", sevcore::serialise(root.ask));
  const std::string ark = directory_.write("ark", sevcore::serialise(root.ark));
  const Outcome outcome = virtsev({"platform", "verify", chain, ask, ark, "--json"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.json()["verdict"], "unknown-root");
  EXPECT_EQ(virtsev({"platform", "verify", chain, "--json"}).json()["verdict"], "broken");
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

TEST_F(Platform, ExplainsAnAmdCertificateByItsOwnFault) {
  Bytes ark = sevcore::serialise(sevcore::simulated_ark());
  const auto errors = [&](const Bytes& bytes) {
    return virtsev({"platform", "verify", directory_.write("ark", bytes)}).errors;
  };
  Bytes changed = ark;
  changed[44] = 1;
  EXPECT_THAT(errors(changed), HasSubstr("(ASK or ARK) has bytes that must be zero and are not"));
  changed = ark;
  changed[36] = 7;
  EXPECT_THAT(errors(changed), HasSubstr("(ASK or ARK) is for a key usage"));
  changed = ark;
  changed[61] = 3;
  EXPECT_THAT(errors(changed), HasSubstr("(ASK or ARK) holds no key"));
  ark.pop_back();
  EXPECT_THAT(errors(ark), HasSubstr("(ASK or ARK) has the wrong length"));
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
