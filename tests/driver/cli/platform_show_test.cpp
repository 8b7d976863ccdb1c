// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev platform show.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sevcore/certificates/simulated_root.hpp"
#include "tests/driver/cli/fakes/program.hpp"
#include "tests/driver/cli/fakes/simulated_platform.hpp"
#include "tests/sevcore/certificates/own_root.hpp"
#include "tests/sevcore/certificates/published_chains.hpp"

namespace virtsev::cli::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class PlatformShow : public testing::Test {
 protected:
  SimulatedPlatform platform_;
  TemporaryDirectory directory_;
};

TEST_F(PlatformShow, EachCertificateHasItsApiItsKeyAndItsSigners) {
  const auto list =
      virtsev({"platform", "show", directory_.write("chain", platform_.exported()), "--json"}).json();
  ASSERT_EQ(list.size(), 4U);
  EXPECT_EQ(list[0]["kind"], "PDH");
  EXPECT_EQ(list[0]["api"], "1.55");
  EXPECT_EQ(list[0]["signers"].size(), 1U);
  EXPECT_EQ(list[0]["signers"][0], "PEK");
  EXPECT_EQ(list[1]["kind"], "PEK");
  EXPECT_EQ(list[1]["signers"].size(), 2U);
  EXPECT_EQ(list[1]["key"].string().size(), 64U);
}

TEST_F(PlatformShow, SaysLoudlyWhatIsSimulated) {
  EXPECT_THAT(virtsev({"platform", "show", directory_.write("chain", platform_.exported())}).output,
              HasSubstr("SIMULATED"));
  const std::string ark = directory_.write("ark", sevcore::serialise(sevcore::simulated_ark()));
  EXPECT_THAT(virtsev({"platform", "show", ark}).output, HasSubstr("SIMULATED"));
  const std::string real = directory_.write("real", sevcore::test::epyc_7002_chain());
  EXPECT_THAT(virtsev({"platform", "show", real}).output, Not(HasSubstr("SIMULATED")));
}

TEST_F(PlatformShow, AmdsCertificatesHaveTheirKeyIdsAndASignatureThatWasLookedAt) {
  const std::string real = directory_.write("real", sevcore::test::epyc_7001_chain());
  const Outcome shown = virtsev({"platform", "show", real});
  EXPECT_THAT(shown.output, HasSubstr("ARK  RSA 2048, key id 1bb987c359494606b174945601c9ea5b"));
  EXPECT_THAT(shown.output, HasSubstr("API 0.16"));
  EXPECT_THAT(shown.output, HasSubstr("signed by: ARK"));
  EXPECT_EQ(virtsev({"platform", "show", real, "--json"}).json()[4]["signature"], "good");
}

TEST_F(PlatformShow, ASignatureThatDoesNotHoldIsNotCalledOne) {
  const auto signature = [&](const sevcore::AmdCertificate& certificate) {
    const auto list =
        virtsev({"platform", "show", directory_.write("amd", sevcore::serialise(certificate)), "--json"})
            .json();
    EXPECT_EQ(list[0]["signers"].empty(), list[0]["signature"] != "good");
    return list[0]["signature"].string();
  };
  sevcore::AmdCertificate ask = sevcore::simulated_ask();
  EXPECT_EQ(signature(ask), "good");
  ask.signature[7] ^= 1;
  EXPECT_EQ(signature(ask), "bad");
  ask.signature.clear();
  EXPECT_EQ(signature(ask), "none");
  EXPECT_EQ(signature(sevcore::test::make_own_root().ask), "unknown-signer");
}

}  // namespace
}  // namespace virtsev::cli::test
