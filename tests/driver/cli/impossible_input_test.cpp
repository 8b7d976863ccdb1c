// SPDX-License-Identifier: LGPL-2.1-or-later
// What the owner's tools refuse because nobody can mean it: it would be found out when a guest has no secret,
// or when a file is lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/driver/cli/fakes/program.hpp"
#include "tests/driver/cli/fakes/simulated_platform.hpp"

namespace virtsev::cli::test {
namespace {

using testing::HasSubstr;

class ImpossibleInput : public testing::Test {
 protected:
  [[nodiscard]] std::string refusal(const std::vector<std::string>& arguments) const {
    const Outcome outcome = virtsev(arguments);
    EXPECT_EQ(outcome.status, 2) << outcome.output;
    return outcome.errors;
  }
  [[nodiscard]] std::vector<std::string> secret(const std::string& tik, const std::string& tek,
                                                const std::vector<std::string>& entries) const {
    std::vector<std::string> all = {
        "secret", "--tik", tik, "--tek", tek, "--measurement", measurement_, "--out", directory_.path("out")};
    for (const std::string& entry : entries) {
      all.insert(all.end(), {"--entry", entry});
    }
    return all;
  }
  [[nodiscard]] std::string refused_entry(const std::vector<std::string>& entries) const {
    return refusal(secret(tik_, tek_, entries));
  }

  TemporaryDirectory directory_;
  std::string measurement_ = std::string(64, 'B');
  std::string tik_ = directory_.write("tik.bin", std::string(16, 'i'));
  std::string tek_ = directory_.write("tek.bin", std::string(16, 'e'));
  std::string key_ = directory_.write("disk.key", std::string("pass phrase"));
  std::string empty_ = directory_.write("empty", std::string());
  std::string zeros_ = directory_.write("zeros", Bytes(16));
};

TEST_F(ImpossibleInput, SecretsThatHoldNothing) {
  ASSERT_EQ(virtsev(secret(tik_, tek_, {"luks-key=" + key_})).status, 0);
  EXPECT_THAT(refused_entry({"luks-key=" + empty_}), HasSubstr(empty_ + " is empty"));
  EXPECT_THAT(refused_entry({"luks-key=" + zeros_}), HasSubstr("all are zero"));
  EXPECT_THAT(refused_entry({"luks-key=/dev/null"}), HasSubstr("is empty"));
}

TEST_F(ImpossibleInput, SecretsThatNoGuestWouldFind) {
  const std::string guid = "01234567-89ab-cdef-0123-456789abcdef=";
  EXPECT_THAT(refused_entry({guid + key_, guid + key_}), HasSubstr("twice"));
  EXPECT_THAT(refused_entry({"luks-key=" + key_, "736869e5-84f0-4973-92ec-06879ce3da0b=" + key_}),
              HasSubstr("twice"))
      << "the same by its other name";
  EXPECT_THAT(refused_entry({"00000000-0000-0000-0000-000000000000=" + key_}), HasSubstr("GUID of zeros"));
}

TEST_F(ImpossibleInput, SecretsThatAreTheSessionsKeys) {
  EXPECT_THAT(refused_entry({"luks-key=" + tik_}), HasSubstr("key of the session"));
  EXPECT_THAT(refused_entry({"luks-key=" + tek_}), HasSubstr("key of the session"));
  const std::string both = directory_.write("tmp_tk.bin", std::string(16, 'e') + std::string(16, 'i'));
  EXPECT_THAT(refused_entry({"luks-key=" + both}), HasSubstr("key of the session"));
}

TEST_F(ImpossibleInput, KeysThatNoSessionHas) {
  EXPECT_THAT(refusal(secret(tik_, tik_, {"luks-key=" + key_})), HasSubstr("same key"));
  EXPECT_THAT(refusal(secret(zeros_, tek_, {"luks-key=" + key_})), HasSubstr("nothing but zeros"));
  EXPECT_THAT(refusal(secret(tik_, zeros_, {"luks-key=" + key_})), HasSubstr("nothing but zeros"));
  EXPECT_THAT(refusal(secret(empty_, tek_, {"luks-key=" + key_})), HasSubstr("0 bytes"));
}

TEST_F(ImpossibleInput, MeasurementsAndDigestsOfNothing) {
  measurement_ = std::string(64, 'A');
  EXPECT_THAT(refused_entry({"luks-key=" + key_}), HasSubstr("--measurement"));
  for (const std::string& digest :
       {std::string(64, '0'),
        std::string("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")}) {
    EXPECT_THAT(refusal({"verify", "--measurement", std::string(64, 'B'), "--tik", tik_, "--policy", "7",
                         "--api", "1.55", "--build", "3", "--launch-digest", digest}),
                HasSubstr("nothing at all"));
    EXPECT_THAT(refusal({"measure", "--policy", "1", "--firmware", key_, "--firmware-digest", digest}),
                HasSubstr("--firmware-digest"));
  }
}

TEST_F(ImpossibleInput, OneFileForTwoThings) {
  const std::string file = directory_.write("file", std::string(5000, 'f'));
  EXPECT_THAT(refusal({"measure", "--policy", "1", "--kernel", file, "--initrd", file}),
              HasSubstr("as kernel and as initrd"));
  const std::string image = directory_.write("image", std::string(8192, 'f'));
  EXPECT_THAT(refusal({"measure", "--policy", "1", "--firmware", image, "--kernel", image}),
              HasSubstr("as firmware"));
}

TEST_F(ImpossibleInput, ResultsInPlaceOfWhatTheyAreMadeFrom) {
  const std::string xml = directory_.write("guest.xml", std::string("<domain/>"));
  EXPECT_THAT(refusal({"explain", xml, "--svg", xml}), HasSubstr("written over"));
  EXPECT_THAT(refusal({"explain", xml, "--against", key_, "--svg", key_}), HasSubstr("written over"));
  EXPECT_EQ(read_text(xml), "<domain/>");
}

TEST_F(ImpossibleInput, ADigestOfAnImageThatIsNotThere) {
  EXPECT_THAT(
      refusal({"measure", "--policy", "1", "--kernel", key_, "--firmware-digest", std::string(64, '1')}),
      HasSubstr("--firmware-digest"));
}

TEST_F(ImpossibleInput, ASessionWhosePolicyLetsTheHostReadIsRemarkedOn) {
  const std::string platform = directory_.write("platform", SimulatedPlatform().exported());
  const auto session = [&](const char* policy) {
    return virtsev({"session", "--platform", platform, "--policy", policy, "--out", directory_.path("s"),
                    "--force"})
        .errors;
  };
  EXPECT_THAT(session("0x4"), HasSubstr("NODBG"));
  EXPECT_THAT(session("0x5"), testing::Not(HasSubstr("NODBG")));
}

}  // namespace
}  // namespace virtsev::cli::test
