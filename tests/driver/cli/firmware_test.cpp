// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev measure, verify and explain of guests that QEMU starts through OVMF, held against libvirt's own
// validator where it is installed.
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sevcore/abi/measurement.hpp"
#include "sevcore/base/base64.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/crypto/crypto.hpp"
#include "tests/driver/boot/ovmf/synthetic_firmware.hpp"
#include "tests/driver/cli/fakes/program.hpp"

namespace virtsev::cli::test {
namespace {

using boot::ovmf::test::synthetic_firmware;
using testing::HasSubstr;

/// With the distribution's own Python, whose modules it needs.
constexpr const char* kValidator = "/usr/bin/python3 /usr/bin/virt-qemu-sev-validate";

class FirmwareLaunch : public testing::Test {
 protected:
  [[nodiscard]] std::vector<std::string> launch(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all = {"--firmware",  firmware_,    "--kernel",  kernel_,
                                    "--initrd",    initrd_,      "--vcpus",   "3",
                                    "--cpu-model", "EPYC-Milan", "--cmdline", "root=/dev/vda quiet"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  static Outcome run(const std::string& command, const std::vector<std::string>& arguments) {
    std::vector<std::string> all = {command};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return virtsev(all);
  }
  static std::string digest(const std::vector<std::string>& arguments) {
    const Outcome outcome = run("measure", arguments);
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    return outcome.output.substr(0, 64);
  }
  /// What a platform of API 1.49 build 3 gives for that digest.
  [[nodiscard]] std::string measured(const std::string& digest_hex, std::uint32_t policy) const {
    sevcore::MeasuredLaunch launch;
    launch.firmware = {1, 49, 3};
    launch.policy = sevcore::Policy(policy);
    const Bytes bytes = from_hex(digest_hex).value();
    std::copy(bytes.begin(), bytes.end(), launch.digest.begin());
    return to_base64(sevcore::serialise(sevcore::measure(tik_, launch, {9, 8, 7})));
  }

  TemporaryDirectory directory_;
  std::string firmware_ = directory_.write("OVMF.fd", synthetic_firmware());
  std::string kernel_ = directory_.write("vmlinuz", std::string(70'001, 'k'));
  std::string initrd_ = directory_.write("initrd", std::string(90'001, 'i'));
  ByteArray<16> tik_ = {3, 1, 4, 1, 5};
  std::string tik_file_ = directory_.write("tik.bin", ByteView(tik_));
};

TEST_F(FirmwareLaunch, EachInputChangesTheDigest) {
  const std::string original = digest(launch({"--policy", "5"}));
  EXPECT_NE(digest(launch({"--policy", "1"})), original);
  EXPECT_NE(digest(launch({"--policy", "5", "--vmsa", "legacy"})), original);
  directory_.write("initrd", std::string(90'002, 'i'));
  EXPECT_NE(digest(launch({"--policy", "5"})), original);
}

TEST_F(FirmwareLaunch, ModelAndSignatureAreTwoNamesOfOneThing) {
  const std::vector<std::string> common = {"--firmware", firmware_, "--policy", "5"};
  std::vector<std::string> model = common;
  model.insert(model.end(), {"--cpu-model", "EPYC-Rome"});
  std::vector<std::string> signature = common;
  signature.insert(signature.end(), {"--cpu-signature", "0x830f10"});
  EXPECT_EQ(digest(model), digest(signature));
}

TEST_F(FirmwareLaunch, WhatIsDumpedHasTheDigest) {
  const std::string expected = digest(launch({"--policy", "5", "--dump", directory_.path("dump")}));
  Bytes all = read_bytes(directory_.path("dump/regions.bin"));
  EXPECT_EQ(all.size(), 8192U + 176);
  for (const char* name : {"dump/vmsa0.bin", "dump/vmsa1.bin", "dump/vmsa2.bin"}) {
    const Bytes page = read_bytes(directory_.path(name));
    all.insert(all.end(), page.begin(), page.end());
  }
  EXPECT_EQ(to_hex(sevcore::crypto::sha256(all)), expected);
}

TEST_F(FirmwareLaunch, VerifyTakesTheOptionsAndExplainShowsThem) {
  const std::string measurement = measured(digest(launch({"--policy", "5", "--vmsa", "legacy"})), 5);
  const std::vector<std::string> question = {"--policy", "5",     "--measurement", measurement, "--tik",
                                             tik_file_,  "--api", "1.49",          "--build",   "3"};
  const Outcome either = run("verify", launch(question));
  EXPECT_EQ(either.status, 0);
  EXPECT_THAT(either.errors, HasSubstr("--vmsa legacy"));
  std::vector<std::string> init2 = launch(question);
  init2.insert(init2.end(), {"--vmsa", "init2"});
  const Outcome other = run("verify", init2);
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.output, HasSubstr("--vmsa legacy"));
  std::vector<std::string> legacy = launch(question);
  legacy.insert(legacy.end(), {"--vmsa", "legacy"});
  EXPECT_EQ(run("verify", legacy).status, 0);
  const auto explained = run("explain", launch({"--policy", "5", "--json"})).json();
  EXPECT_EQ(explained["inputs"]["machine"], "qemu");
  EXPECT_EQ(explained["regions"][1]["name"], "kernel hashes");
  EXPECT_EQ(explained["launch_digest"], digest(launch({"--policy", "5"})));
}

TEST_F(FirmwareLaunch, RefusesWhatItCouldOnlyGuess) {
  EXPECT_THAT(run("measure", {"--firmware", firmware_, "--policy", "5"}).errors, HasSubstr("--cpu-model"));
  EXPECT_THAT(run("measure", {"--firmware", firmware_}).errors, HasSubstr("--policy"));
  EXPECT_THAT(run("measure", {"--firmware", firmware_, "--policy", "5", "--cpu-model", "Z80"}).errors,
              HasSubstr("--cpu-signature"));
  EXPECT_THAT(run("measure", {"--firmware", kernel_, "--policy", "1"}).errors, HasSubstr("multiple of 4096"));
  boot::ovmf::test::Table table;
  table.hashes_base = table.hashes_size = 0;
  directory_.write("OVMF.fd", synthetic_firmware(table));
  const Outcome outcome = run("measure", launch({"--policy", "1"}));
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("no place for a kernel's hashes"));
}

/// libvirt's validator, with the same files: it builds the vCPUs' state itself, from family, model, stepping.
class AgainstLibvirtsValidator : public FirmwareLaunch {
 protected:
  void SetUp() override {
    if (std::system((std::string(kValidator) + " --help >/dev/null 2>&1").c_str()) != 0) {
      GTEST_SKIP() << kValidator << " can't be run; it is in Debian's libvirt-clients-qemu";
    }
  }
  [[nodiscard]] int validate(const std::string& measurement, const std::string& policy) const {
    const std::string command = std::string(kValidator) + " --measurement " + measurement +
                                " --api-major 1 --api-minor 49 --build-id 3 --policy " + policy +
                                " --firmware " + firmware_ + " --kernel " + kernel_ + " --initrd " + initrd_ +
                                " --cmdline 'root=/dev/vda quiet' --num-cpus 3 --cpu-family 25 --cpu-model 1 "
                                "--cpu-stepping 1 --tik " +
                                tik_file_ + " --tek " + tik_file_ + " >" + directory_.path("validator.log") +
                                " 2>&1";
    return std::system(command.c_str());
  }
};

TEST_F(AgainstLibvirtsValidator, AgreesForSev) {
  EXPECT_EQ(validate(measured(digest(launch({"--policy", "1"})), 1), "1"), 0)
      << read_text(directory_.path("validator.log"));
}

TEST_F(AgainstLibvirtsValidator, AgreesForSevEsAsOlderHostsMakeIt) {
  EXPECT_EQ(validate(measured(digest(launch({"--policy", "5", "--vmsa", "legacy"})), 5), "5"), 0)
      << read_text(directory_.path("validator.log"));
}

TEST_F(AgainstLibvirtsValidator, DiffersForNewerHostsWhichItDoesNotKnow) {
  EXPECT_NE(validate(measured(digest(launch({"--policy", "5", "--vmsa", "init2"})), 5), "5"), 0);
}

}  // namespace
}  // namespace virtsev::cli::test
