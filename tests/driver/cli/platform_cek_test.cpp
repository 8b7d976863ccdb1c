// SPDX-License-Identifier: LGPL-2.1-or-later
// A CEK as real firmware exports it, without a signature, and the signed one that AMD has.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/driver/cli/fakes/program.hpp"
#include "tests/driver/cli/fakes/simulated_platform.hpp"

namespace virtsev::cli::test {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kChipId = std::string(126, 'a') + "01";
const std::string kAddress = "https://kdsintf.amd.com/cek/id/" + kChipId;

class UnsignedCek : public testing::Test {
 protected:
  UnsignedCek() {
    signed_cek_ = directory_.write("signed-cek", sevcore::serialise(platform_.certificates.cek));
    platform_.certificates.cek.signatures = {};
    chain_ = directory_.write("chain", platform_.exported());
  }
  Outcome session(const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"session", "--platform", chain_, "--policy", "0x7", "--out", out_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return virtsev(arguments);
  }
  bool made_a_session() { return ::access(out_.c_str(), F_OK) == 0; }

  SimulatedPlatform platform_;
  TemporaryDirectory directory_;
  std::string signed_cek_;
  std::string chain_;
  std::string out_ = directory_.path("session");
};

TEST_F(UnsignedCek, IsToldFromOneThatAnotherKeySigned) {
  const Outcome outcome = virtsev({"platform", "verify", chain_, "--json"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.json()["verdict"], "unsigned-cek");
  platform_.certificates.cek = sevcore::make_cek(platform_.cek_key.public_point(), {1, 55});
  platform_.certificates.cek.signatures[0].bytes[9] ^= 1;
  const std::string changed = directory_.write("changed", platform_.exported());
  EXPECT_EQ(virtsev({"platform", "verify", changed, "--json"}).json()["verdict"], "broken");
  EXPECT_THAT(virtsev({"platform", "verify", changed}).output, HasSubstr("none of AMD's ASKs"));
}

TEST_F(UnsignedCek, NamesTheAddressOfTheSignedOneForThisChip) {
  const Outcome verify = virtsev({"platform", "verify", chain_, "--chip-id", kChipId});
  EXPECT_EQ(verify.status, 1);
  EXPECT_THAT(verify.output, HasSubstr(kAddress));
  EXPECT_EQ(virtsev({"platform", "verify", chain_, "--chip-id", kChipId, "--json"}).json()["cek_address"],
            kAddress);
  const Outcome made = session({"--chip-id", kChipId});
  EXPECT_EQ(made.status, 1);
  EXPECT_THAT(made.errors, HasSubstr(kAddress));
  EXPECT_FALSE(made_a_session());
}

TEST_F(UnsignedCek, FindsTheChipsIdBesideTheCertificates) {
  directory_.write("chain.id", kChipId + "\n");
  EXPECT_THAT(virtsev({"platform", "verify", chain_}).output, HasSubstr(kAddress));
  EXPECT_THAT(session({}).errors, HasSubstr(kAddress));
}

TEST_F(UnsignedCek, SaysHowTheAddressComesAboutWhereTheIdIsNotKnown) {
  const Outcome outcome = virtsev({"platform", "verify", chain_});
  EXPECT_THAT(outcome.output, HasSubstr("--chip-id"));
  EXPECT_THAT(outcome.output, Not(HasSubstr("https")));
}

TEST_F(UnsignedCek, RefusesAnIdThatIsNone) {
  for (const std::string& id : {std::string("aa"), std::string(126, 'a'), std::string(128, 'x')}) {
    EXPECT_EQ(virtsev({"platform", "verify", chain_, "--chip-id", id}).status, 2);
  }
  directory_.write("chain.id", std::string("nonsense"));
  EXPECT_THAT(virtsev({"platform", "verify", chain_}).errors, HasSubstr("/chain.id"));
}

TEST_F(UnsignedCek, HoldsWithTheSignedOneAlone) {
  EXPECT_EQ(virtsev({"platform", "verify", chain_, "--cek", signed_cek_}).status, 3);
  EXPECT_EQ(session({"--cek", signed_cek_}).status, 0);
}

TEST_F(UnsignedCek, IsNotReplacedByAnotherChips) {
  const std::string other =
      directory_.write("other", sevcore::serialise(SimulatedPlatform().certificates.cek));
  const Outcome verify = virtsev({"platform", "verify", chain_, "--cek", other});
  EXPECT_EQ(verify.status, 2);
  EXPECT_THAT(verify.errors, HasSubstr("/other: is the CEK of another platform"));
  EXPECT_EQ(session({"--cek", other}).status, 2);
  EXPECT_FALSE(made_a_session());
}

TEST_F(UnsignedCek, IsNotReplacedByWhatIsNoCek) {
  EXPECT_THAT(
      virtsev({"platform", "verify", chain_, "--cek", directory_.write("pdh", platform_.pdh())}).errors,
      HasSubstr("/pdh: holds no CEK"));
}

}  // namespace
}  // namespace virtsev::cli::test
