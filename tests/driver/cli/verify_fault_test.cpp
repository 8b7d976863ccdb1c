// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev verify: which input does not fit, by word and by number.
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sevcore/abi/measurement.hpp"
#include "sevcore/abi/session.hpp"
#include "sevcore/base/base64.hpp"
#include "sevcore/base/hex.hpp"
#include "tests/driver/cli/fakes/program.hpp"
#include "tests/driver/cli/fakes/simulated_platform.hpp"

namespace virtsev::cli::test {
namespace {

using testing::HasSubstr;

const std::string kDigest = std::string(62, '1') + "ab";

/// A guest of policy 7 under firmware 1.55 build 21, and the session that it was started with.
class VerifyFault : public testing::Test {
 protected:
  VerifyFault() {
    std::filesystem::create_directory(directory_.path("owner"));
    directory_.write("owner/tik.bin", ByteView(session_.keys.tik));
    directory_.write("blob", ByteView(session_.blob));
    const Bytes digest = from_hex(kDigest).value();
    std::copy(digest.begin(), digest.end(), launch_.digest.begin());
  }
  Answer verify(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {
        "verify",
        "--json",
        "--tik",
        tik_,
        "--policy",
        "0x7",
        "--api",
        "1.55",
        "--build",
        "21",
        "--launch-digest",
        kDigest,
        "--measurement",
        to_base64(sevcore::serialise(sevcore::measure(session_.keys.tik, launch_, {1, 2, 3})))};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = virtsev(arguments);
    EXPECT_EQ(outcome.status, outcome.json()["fits"].truth() ? 0 : 1) << outcome.errors;
    return outcome.json();
  }
  Answer with_session() { return verify({"--session", directory_.path("blob")}); }

  TemporaryDirectory directory_;
  sevcore::OwnerSession session_ =
      sevcore::make_session(SimulatedPlatform().certificates.pdh, sevcore::Policy(7));
  sevcore::MeasuredLaunch launch_{{1, 55, 21}, sevcore::Policy(7), {}};
  std::string tik_ = directory_.path("owner/tik.bin");
};

TEST_F(VerifyFault, IsNoneWhereItFits) {
  EXPECT_EQ(verify()["fault"], nullptr);
  EXPECT_EQ(with_session()["fault"], nullptr);
}

TEST_F(VerifyFault, IsThePolicyOfTheLaunch) {
  launch_.policy = sevcore::Policy(5);
  const auto value = verify();
  EXPECT_EQ(value["fault"], "policy");
  EXPECT_THAT(value["reason"].string(), HasSubstr("0x0005"));
}

TEST_F(VerifyFault, IsTheFirmwaresVersion) {
  launch_.firmware = {1, 56, 3};
  const auto value = with_session();
  EXPECT_EQ(value["fault"], "api");
  EXPECT_THAT(value["reason"].string(), HasSubstr("1.56 build 3"));
}

TEST_F(VerifyFault, IsPolicyAndFirmwareTogether) {
  launch_.policy = sevcore::Policy(5);
  launch_.firmware = {1, 51, 9};
  const auto value = verify();
  EXPECT_EQ(value["fault"], "policy");
  EXPECT_THAT(value["reason"].string(), HasSubstr("0x0005"));
  EXPECT_THAT(value["reason"].string(), HasSubstr("1.51 build 9"));
}

TEST_F(VerifyFault, IsThePolicyThatTheSessionWasMadeFor) {
  session_ = sevcore::make_session(SimulatedPlatform().certificates.pdh, sevcore::Policy(0x37010005));
  directory_.write("owner/tik.bin", ByteView(session_.keys.tik));
  directory_.write("blob", ByteView(session_.blob));
  launch_.policy = sevcore::Policy(0x37010005);
  launch_.firmware = {1, 51, 9};
  const auto value = with_session();
  EXPECT_EQ(value["fault"], "policy");
  EXPECT_THAT(value["reason"].string(), HasSubstr("1.51 build 9"));
  launch_.digest[0] ^= 1;
  EXPECT_THAT(with_session()["reason"].string(), HasSubstr("something else does not fit either"));
}

TEST_F(VerifyFault, IsTheDigestWhereTheSessionIsOfThisTik) {
  launch_.digest[0] ^= 1;
  EXPECT_EQ(with_session()["fault"], "digest");
  EXPECT_EQ(verify()["fault"], "tik-or-digest") << "no session is beside this TIK";
}

TEST_F(VerifyFault, IsTheTikWhereTheSessionIsOfAnother) {
  tik_ = directory_.write("other", std::string(16, 'x'));
  EXPECT_EQ(with_session()["fault"], "tik");
  EXPECT_EQ(verify()["fault"], "tik-or-digest");
}

TEST_F(VerifyFault, FindsTheSessionBesideTheTik) {
  launch_.digest[0] ^= 1;
  directory_.write("owner/session.b64", to_base64(session_.blob) + "\n");
  EXPECT_EQ(verify()["fault"], "digest");
  directory_.write("owner/tik.bin", std::string(16, 'x'));
  EXPECT_EQ(verify()["fault"], "tik");
}

TEST_F(VerifyFault, RefusesASessionThatIsNone) {
  const Outcome outcome = virtsev(
      {"verify", "--tik", tik_, "--policy", "7", "--api", "1.55", "--build", "21", "--launch-digest", kDigest,
       "--session", directory_.write("no", std::string("x")), "--measurement", to_base64(Bytes(48, 7))});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("/no: is not a session of 128 bytes"));
}

TEST_F(VerifyFault, TakesTekAndTikInOneFileAsSevToolWritesThem) {
  Bytes both(session_.keys.tek.begin(), session_.keys.tek.end());
  both.insert(both.end(), session_.keys.tik.begin(), session_.keys.tik.end());
  tik_ = directory_.write("tmp_tk.bin", both);
  EXPECT_EQ(verify()["fits"], true);
}

}  // namespace
}  // namespace virtsev::cli::test
