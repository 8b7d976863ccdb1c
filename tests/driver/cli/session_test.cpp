// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev session: what the owner keeps, and what a platform can open.
#include "sevcore/abi/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sevcore/base/base64.hpp"
#include "tests/driver/cli/fakes/program.hpp"
#include "tests/driver/cli/fakes/simulated_platform.hpp"
#include "tests/sevcore/certificates/published_chains.hpp"

namespace virtsev::cli::test {
namespace {

using testing::HasSubstr;

class Session : public testing::Test {
 protected:
  Outcome make(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"session", "--platform", platform_file_, "--policy", "0x7",
                                          "--out",   out_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return virtsev(arguments);
  }
  [[nodiscard]] std::string file(const std::string& name) const { return out_ + "/" + name; }

  SimulatedPlatform platform_;
  TemporaryDirectory directory_;
  std::string platform_file_ = directory_.write("platform", platform_.exported());
  std::string out_ = directory_.path("session");
};

TEST_F(Session, ThePlatformOpensItAndHasTheOwnersKeys) {
  const Outcome outcome = make();
  ASSERT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_THAT(outcome.errors, HasSubstr("SIMULATED"));
  const auto keys = sevcore::open_session(platform_.pdh_key, read_bytes(file("godh.cert")),
                                          read_bytes(file("launch_blob.bin")), sevcore::Policy(7));
  ASSERT_TRUE(keys.has_value());
  EXPECT_EQ(Bytes(keys->tek.begin(), keys->tek.end()), read_bytes(file("tek.bin")));
  EXPECT_EQ(Bytes(keys->tik.begin(), keys->tik.end()), read_bytes(file("tik.bin")));
  EXPECT_FALSE(sevcore::open_session(platform_.pdh_key, read_bytes(file("godh.cert")),
                                     read_bytes(file("launch_blob.bin")), sevcore::Policy(3)));
}

TEST_F(Session, Base64IsTheSameAsBinary) {
  ASSERT_EQ(make().status, 0);
  EXPECT_EQ(from_base64(read_text(file("dh_cert.b64"))), read_bytes(file("godh.cert")));
  EXPECT_EQ(from_base64(read_text(file("session.b64"))), read_bytes(file("launch_blob.bin")));
  EXPECT_EQ(read_bytes(file("godh.cert")).size(), 2084U);
  EXPECT_EQ(read_bytes(file("launch_blob.bin")).size(), 128U);
}

TEST_F(Session, RecordsPolicyAndTrust) {
  ASSERT_EQ(make().status, 0);
  const auto record = Answer::parse(read_text(file("session.json")));
  EXPECT_EQ(record["policy"], 7);
  EXPECT_EQ(record["platform"], "simulated");
}

TEST_F(Session, KeysAreTheOwnersAloneWhateverTheUmask) {
  const mode_t old = ::umask(0);
  ASSERT_EQ(make().status, 0);
  ::umask(old);
  for (const char* name : {"tek.bin", "tik.bin"}) {
    struct stat status = {};
    ASSERT_EQ(::stat(file(name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
  }
}

TEST_F(Session, AKeyIsNeverWrittenThroughALinkThatWasThere) {
  ASSERT_EQ(::mkdir(out_.c_str(), 0700), 0);
  const std::string trap = directory_.write("trap", std::string("untouched"));
  ASSERT_EQ(::symlink(trap.c_str(), file("tik.bin").c_str()), 0);
  ASSERT_EQ(make({"--force"}).status, 0);
  EXPECT_EQ(read_text(trap), "untouched");
  EXPECT_EQ(read_bytes(file("tik.bin")).size(), 16U);
}

TEST_F(Session, ABarePdhNeedsUnverified) {
  platform_file_ = directory_.write("pdh", platform_.pdh());
  const Outcome refused = make();
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.errors, HasSubstr("--unverified"));
  EXPECT_NE(::access(out_.c_str(), F_OK), 0) << "nothing may be written before the platform is verified";
  const Outcome taken = make({"--unverified"});
  EXPECT_EQ(taken.status, 0);
  EXPECT_THAT(taken.errors, HasSubstr("NOT verified"));
}

TEST_F(Session, ABrokenChainIsRefused) {
  Bytes changed = platform_.exported();
  changed[0x18] ^= 1;
  platform_file_ = directory_.write("platform", changed);
  const Outcome outcome = make();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("the PDH is not signed by the PEK"));
  EXPECT_EQ(make({"--json"}).json()["verdict"], "broken");
  EXPECT_NE(::access(out_.c_str(), F_OK), 0);
}

TEST_F(Session, AChainUpToAmdsRootIsTakenAndRecorded) {
  platform_file_ = directory_.write("real", sevcore::test::epyc_7002_chain());
  const Outcome outcome = make({"--json"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.errors, "");
  EXPECT_EQ(outcome.json()["platform"], "amd");
  const auto record = Answer::parse(read_text(file("session.json")));
  EXPECT_EQ(record["platform"], "amd");
  EXPECT_EQ(record["product"], "EPYC 7002 (Rome)");
}

TEST_F(Session, GoesIntoADomainsXmlToo) {
  const std::string xml = directory_.write(
      "xml",
      std::string("<domain><launchSecurity type='sev'><policy>0x7</policy></launchSecurity></domain>"));
  const Outcome outcome = make({"--into", xml});
  ASSERT_EQ(outcome.status, 0) << outcome.errors;
  const auto without_line_end = [](std::string text) { return text.substr(0, text.find('\n')); };
  EXPECT_THAT(read_text(xml),
              HasSubstr("<dhCert>" + without_line_end(read_text(file("dh_cert.b64"))) + "</dhCert><session>" +
                        without_line_end(read_text(file("session.b64"))) + "</session>"));
}

TEST_F(Session, ThatFitsNotTheDomainsXmlIsNotMade) {
  const std::string xml = directory_.write(
      "xml",
      std::string("<domain><launchSecurity type='sev'><policy>0x3</policy></launchSecurity></domain>"));
  const std::string before = read_text(xml);
  const Outcome outcome = make({"--into", xml});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("not the session's, 0x0007"));
  EXPECT_EQ(before, read_text(xml));
  EXPECT_NE(::access(out_.c_str(), F_OK), 0);
}

TEST_F(Session, RecordsThePdhItWasMadeFor) {
  ASSERT_EQ(make().status, 0);
  const auto shown = virtsev({"platform", "show", platform_file_, "--json"}).json();
  EXPECT_EQ(Answer::parse(read_text(file("session.json")))["pdh_key_sha256"], shown[0]["key"]);
}

TEST_F(Session, KeepsTheKeysOfASessionThatIsThere) {
  ASSERT_EQ(make().status, 0);
  const Bytes key = read_bytes(file("tik.bin"));
  const Outcome again = make();
  EXPECT_EQ(again.status, 2);
  EXPECT_THAT(again.errors, HasSubstr("--force"));
  EXPECT_EQ(read_bytes(file("tik.bin")), key);
  ASSERT_EQ(make({"--force"}).status, 0);
  EXPECT_NE(read_bytes(file("tik.bin")), key);
}

TEST_F(Session, RefusesAPolicyThatIsNoneOrHasReservedBits) {
  for (const char* policy : {"", "seven", "0x", "0x40", "-1", "0x1ffffffff"}) {
    EXPECT_EQ(virtsev({"session", "--platform", platform_file_, "--policy", policy, "--out", out_}).status, 2)
        << policy;
  }
}

}  // namespace
}  // namespace virtsev::cli::test
