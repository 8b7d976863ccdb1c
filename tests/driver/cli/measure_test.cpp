// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev measure and verify: one prediction from XML and from options; whatever differs, differs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "sevcore/abi/measurement.hpp"
#include "sevcore/base/base64.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/crypto/crypto.hpp"
#include "tests/driver/boot/fakes/synthetic_bzimage.hpp"
#include "tests/driver/cli/fakes/program.hpp"

namespace virtsev::cli::test {
namespace {

using testing::HasSubstr;

class Measure : public testing::Test {
 protected:
  /// The domain that all tests start from.
  [[nodiscard]] std::string xml(const std::string& policy = "0x7", int vcpus = 2,
                                const std::string& command_line = "console=ttyS0") const {
    return "<domain type='kvm'><name>d</name><memory unit='MiB'>256</memory><vcpu>" + std::to_string(vcpus) +
           "</vcpu><os><type arch='x86_64' machine='q35'>hvm</type><kernel>" + kernel_ + "</kernel><initrd>" +
           initrd_ + "</initrd><cmdline>" + command_line +
           "</cmdline></os><launchSecurity type='sev'><policy>" + policy +
           "</policy></launchSecurity></domain>";
  }
  [[nodiscard]] std::vector<std::string> options() const {
    return {"--policy", "0x7",   "--memory", "256",   "--vcpus",   "2",
            "--kernel", kernel_, "--initrd", initrd_, "--cmdline", "console=ttyS0"};
  }
  static std::string digest(const std::vector<std::string>& arguments) {
    std::vector<std::string> all = {"measure"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const Outcome outcome = virtsev(all);
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    EXPECT_EQ(outcome.output.size(), 65U) << outcome.output;
    return outcome.output.substr(0, 64);
  }

  TemporaryDirectory directory_;
  std::string kernel_ = directory_.write("kernel", boot::test::synthetic_bzimage());
  std::string initrd_ = directory_.write("initrd", boot::test::pattern(5000, 1));
  std::string xml_ = directory_.write("domain.xml", xml());
};

TEST_F(Measure, XmlAndOptionsGiveTheSameDigest) { EXPECT_EQ(digest({xml_}), digest(options())); }

TEST_F(Measure, JsonHoldsTheDigestOfTheLine) {
  const auto value = virtsev({"measure", xml_, "--json"}).json();
  EXPECT_EQ(value["launch_digest"], digest({xml_}));
  EXPECT_EQ(value["vmsa"], "init2");
}

TEST_F(Measure, EachChangedInputChangesTheDigest) {
  const std::string original = digest({xml_});
  EXPECT_NE(digest({directory_.write("a.xml", xml("0x7", 3))}), original);
  EXPECT_NE(digest({directory_.write("b.xml", xml("0x7", 2, "console=ttyS1"))}), original);
  EXPECT_NE(digest({directory_.write("c.xml", xml("0x3"))}), original) << "SEV measures no VMSA";
  EXPECT_NE(digest({xml_, "--vmsa", "legacy"}), original);
  Bytes kernel = boot::test::synthetic_bzimage();
  kernel.back() ^= 1;
  EXPECT_NE(digest({xml_, "--kernel", directory_.write("kernel2", kernel)}), original);
  Bytes initrd = boot::test::pattern(5000, 1);
  initrd[2500] ^= 1;
  EXPECT_NE(digest({xml_, "--initrd", directory_.write("initrd2", initrd)}), original);
}

TEST_F(Measure, WhatIsDumpedHasTheDigestUnderAnyOtherTool) {
  const std::string expected = digest({xml_, "--dump", directory_.path("dump")});
  Bytes all = read_bytes(directory_.path("dump/regions.bin"));
  for (const char* name : {"dump/vmsa0.bin", "dump/vmsa1.bin"}) {
    const Bytes page = read_bytes(directory_.path(name));
    EXPECT_EQ(page.size(), 4096U);
    all.insert(all.end(), page.begin(), page.end());
  }
  EXPECT_EQ(to_hex(sevcore::crypto::sha256(all)), expected);
}

TEST_F(Measure, FirmwareBesideADirectBootIsRefusedAndNotIgnored) {
  const Outcome beside = virtsev({"measure", xml_, "--firmware", kernel_});
  EXPECT_EQ(beside.status, 2);
  EXPECT_THAT(beside.errors, HasSubstr("directly"));
}

TEST_F(Measure, NamesTheOptionOrFileAtFault) {
  EXPECT_THAT(virtsev({"measure"}).errors, HasSubstr("--kernel"));
  EXPECT_THAT(virtsev({"measure", "--kernel", kernel_}).errors, HasSubstr("--policy"));
  EXPECT_THAT(virtsev({"measure", "--kernel", "/nowhere", "--policy", "7"}).errors, HasSubstr("/nowhere"));
  EXPECT_THAT(virtsev({"measure", "--kernel", initrd_, "--policy", "7"}).errors, HasSubstr("initrd"));
  EXPECT_THAT(virtsev({"measure", xml_, "--vcpus", "1"}).errors, HasSubstr("--vcpus"));
  EXPECT_THAT(virtsev({"measure", xml_, "--policy", "3"}).errors, HasSubstr("--policy 3"));
  EXPECT_THAT(virtsev({"measure", "/nowhere.xml"}).errors, HasSubstr("/nowhere.xml"));
  EXPECT_EQ(virtsev({"measure", "--kernel", kernel_, "--policy", "7", "--machine", "pc"}).status, 2);
}

TEST_F(Measure, ADumpLeavesNoVmsaOfAnEarlierOne) {
  const std::string out = directory_.path("dumped");
  ASSERT_EQ(virtsev({"measure", xml_, "--dump", out}).status, 0);
  directory_.write("dumped/vmsa2.bin", std::string("of a guest with four vCPUs"));
  directory_.write("dumped/vmsa3.bin", std::string("of the same"));
  directory_.write("dumped/notes", std::string("the user's own"));
  ASSERT_EQ(virtsev({"measure", xml_, "--dump", out}).status, 0);
  const auto is_there = [&](const char* name) { return ::access((out + "/" + name).c_str(), F_OK) == 0; };
  EXPECT_TRUE(is_there("vmsa1.bin"));
  EXPECT_FALSE(is_there("vmsa2.bin"));
  EXPECT_FALSE(is_there("vmsa3.bin"));
  EXPECT_TRUE(is_there("notes"));
}

/// A measurement as a platform of API 1.55 build 21 makes it of the domain.
class Verify : public Measure {
 protected:
  std::string measured(const std::string& digest_hex, std::uint32_t policy = 7) {
    sevcore::MeasuredLaunch launch;
    launch.firmware = {1, 55, 21};
    launch.policy = sevcore::Policy(policy);
    const Bytes digest_bytes = from_hex(digest_hex).value();
    std::copy(digest_bytes.begin(), digest_bytes.end(), launch.digest.begin());
    ByteArray<16> nonce{};
    sevcore::crypto::fill_random(nonce);
    return to_base64(sevcore::serialise(sevcore::measure(tik_, launch, nonce)));
  }
  Outcome verify(const std::string& measurement, const std::vector<std::string>& more,
                 const std::string& policy = "0x7", const std::string& build = "21") {
    std::vector<std::string> arguments = {"verify",  "--measurement", measurement, "--tik",
                                          tik_file_, "--policy",      policy,      "--api",
                                          "1.55",    "--build",       build};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return virtsev(arguments);
  }

  ByteArray<16> tik_ = {1, 2, 3, 4, 5};
  std::string tik_file_ = directory_.write("tik.bin", ByteView(tik_));
};

TEST_F(Verify, FitsFromXmlFromOptionsAndFromADigest) {
  const std::string expected = digest({xml_});
  const std::string measurement = measured(expected);
  EXPECT_EQ(verify(measurement, {xml_}).status, 0);
  EXPECT_EQ(verify(measurement, {"--launch-digest", expected}).status, 0);
  const Outcome by_options = verify(measurement, {"--memory", "256", "--vcpus", "2", "--kernel", kernel_,
                                                  "--initrd", initrd_, "--cmdline", "console=ttyS0"});
  EXPECT_EQ(by_options.status, 0) << by_options.output << by_options.errors;
  EXPECT_EQ(verify(measurement, {xml_, "--json"}).json()["fits"], true);
}

TEST_F(Verify, SaysThatThePolicyDiffers) {
  const std::string expected = digest({xml_});
  const Outcome outcome = verify(measured(expected, 5), {"--launch-digest", expected});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.output, HasSubstr("policy"));
  EXPECT_THAT(outcome.output, HasSubstr("0x0005"));
}

TEST_F(Verify, APolicyThatTheXmlContradictsDoesNotFit) {
  const Outcome outcome = verify(measured(digest({xml_})), {xml_}, "0x5");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.output, HasSubstr("policy"));
}

TEST_F(Verify, SaysWhichFirmwareVersionItIs) {
  const Outcome outcome = verify(measured(digest({xml_})), {xml_}, "0x7", "22");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.output, HasSubstr("1.55 build 21"));
}

TEST_F(Verify, TakesEitherKindOfVmsaAndSaysWhich) {
  for (const char* made : {"init2", "legacy"}) {
    const Outcome outcome = verify(measured(digest({xml_, "--vmsa", made})), {xml_});
    EXPECT_EQ(outcome.status, 0) << outcome.output;
    EXPECT_THAT(outcome.errors, HasSubstr(std::string("--vmsa ") + made));
    EXPECT_THAT(outcome.output, HasSubstr(digest({xml_, "--vmsa", made})));
  }
}

TEST_F(Verify, TakesNoOtherKindOfVmsaThanTheOneAskedFor) {
  const Outcome outcome = verify(measured(digest({xml_, "--vmsa", "legacy"})), {xml_, "--vmsa", "init2"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.output, HasSubstr("--vmsa legacy"));
  EXPECT_EQ(verify(measured(digest({xml_, "--vmsa", "legacy"})), {xml_, "--vmsa", "init2", "--json"})
                .json()["fault"],
            "vmsa");
}

TEST_F(Verify, FindsTheInputAtFaultWhicheverVmsaTheHostMakes) {
  const Outcome outcome = verify(measured(digest({xml_, "--vmsa", "legacy"})), {xml_}, "0x7", "22");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.output, HasSubstr("1.55 build 21"));
}

TEST_F(Verify, OneChangedByteInTheInitrdDoesNotFit) {
  const std::string measurement = measured(digest({xml_}));
  Bytes changed = read_bytes(initrd_);
  changed[0] ^= 1;
  directory_.write("initrd", changed);
  const Outcome outcome = verify(measurement, {xml_, "--json"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.json()["fits"], false);
  EXPECT_THAT(outcome.json()["reason"].string(), HasSubstr("initrd"));
}

TEST_F(Verify, AnotherTikDoesNotFit) {
  const std::string measurement = measured(digest({xml_}));
  tik_file_ = directory_.write("other", std::string(16, 'x'));
  EXPECT_EQ(verify(measurement, {xml_}).status, 1);
}

TEST_F(Verify, IsAskedWronglyWithTwo) {
  const std::string measurement = measured(digest({xml_}));
  EXPECT_EQ(verify("AAAA", {xml_}).status, 2);
  EXPECT_EQ(verify(measurement, {}).status, 2);
  EXPECT_EQ(verify(measurement, {"--launch-digest", "1234"}).status, 2);
  EXPECT_EQ(verify(measurement, {xml_, "--launch-digest", std::string(64, '0')}).status, 2);
  EXPECT_EQ(verify(measurement, {"/nowhere.xml"}).status, 2);
  EXPECT_EQ(verify(measurement, {xml_}, "0x7", "300").status, 2);
  tik_file_ = directory_.write("short", std::string(15, 'x'));
  const Outcome outcome = verify(measurement, {xml_});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("has 15 bytes; a key of 16 bytes is meant"));
}

}  // namespace
}  // namespace virtsev::cli::test
