// SPDX-License-Identifier: LGPL-2.1-or-later
// A platform's certificates together: files, links, roots.
#include <gtest/gtest.h>

#include "sevcore/certificates/make_certificates.hpp"
#include "sevcore/certificates/platform_certificates.hpp"
#include "sevcore/certificates/simulated_root.hpp"
#include "tests/sevcore/certificates/own_root.hpp"
#include "tests/sevcore/certificates/published_chains.hpp"

namespace virtsev::sevcore {
namespace {

constexpr ApiVersion kApi{1, 55};

/// A simulated platform with its keys.
struct Platform {
  crypto::EcKey cek = crypto::EcKey::generate();
  crypto::EcKey oca = crypto::EcKey::generate();
  crypto::EcKey pek = crypto::EcKey::generate();
  crypto::EcKey pdh = crypto::EcKey::generate();
  PlatformCertificates certificates{make_pdh(pdh.public_point(), kApi, pek),
                                    make_pek(pek.public_point(), kApi, oca, cek),
                                    make_oca(oca),
                                    make_cek(cek.public_point(), kApi),
                                    {},
                                    {}};
};

class SimulatedChain : public testing::Test {
 protected:
  static void SetUpTestSuite() { platform_ = new Platform; }
  static void TearDownTestSuite() {
    delete platform_;
    platform_ = nullptr;
  }
  PlatformCertificates certificates_ = platform_->certificates;
  void expect_broken(ChainLink link) {
    const auto root = verify_chain(certificates_);
    ASSERT_FALSE(root);
    EXPECT_EQ(root.error(), link) << explain(root.error());
  }
  static Platform* platform_;
};
Platform* SimulatedChain::platform_ = nullptr;

TEST_F(SimulatedChain, HoldsUpToTheSimulatedRoot) {
  EXPECT_EQ(verify_chain(certificates_).value().root, ChainRoot::kSimulated);
  EXPECT_TRUE(is_simulated(certificates_.cek));
}

TEST_F(SimulatedChain, IsKnownAsSimulatedWithItsRootsBesideIt) {
  certificates_.ask = simulated_ask();
  certificates_.ark = simulated_ark();
  EXPECT_EQ(verify_chain(certificates_).value().root, ChainRoot::kSimulated);
}

TEST_F(SimulatedChain, BreaksWhereThePdhIsOfAnotherPek) {
  certificates_.pdh = make_pdh(platform_->pdh.public_point(), kApi, platform_->cek);
  expect_broken(ChainLink::kPdhByPek);
}

TEST_F(SimulatedChain, BreaksWhereThePekIsOfAnotherOca) {
  certificates_.oca = make_oca(crypto::EcKey::generate());
  expect_broken(ChainLink::kPekByOca);
}

TEST_F(SimulatedChain, BreaksWhereTheCekIsAnotherChips) {
  certificates_.cek = make_cek(crypto::EcKey::generate().public_point(), kApi);
  expect_broken(ChainLink::kPekByCek);
}

TEST_F(SimulatedChain, BreaksWhereTheOcaIsNotItsOwn) {
  certificates_.oca.api_minor ^= 1;
  expect_broken(ChainLink::kOcaByOca);
}

TEST_F(SimulatedChain, BreaksWhereTheCekIsUnsigned) {
  certificates_.cek.signatures = {};
  expect_broken(ChainLink::kCekUnsigned);
  EXPECT_FALSE(is_simulated(certificates_.cek));
}

TEST_F(SimulatedChain, BreaksWhereTwoCertificatesChangePlaces) {
  std::swap(certificates_.pek, certificates_.oca);
  expect_broken(ChainLink::kUsages);
}

TEST_F(SimulatedChain, BreaksUnderAnArkThatDidNotSignTheAsk) {
  const Bytes real = test::epyc_7002_chain();
  certificates_.ask = simulated_ask();
  certificates_.ark = parse_platform_certificates(real).value().ark;
  expect_broken(ChainLink::kAskByArk);
}

TEST_F(SimulatedChain, BreaksUnderAnAskOfAnUnknownArk) {
  certificates_.ask = simulated_ask();
  certificates_.ask->certifying_id[0] ^= 1;
  expect_broken(ChainLink::kAskByArk);
}

TEST_F(SimulatedChain, BreaksUnderAnArkWhoseAskIsNotThere) {
  certificates_.ark = test::make_own_root().ark;
  expect_broken(ChainLink::kAskMissing);
}

TEST_F(SimulatedChain, IsOneWhoeverSignedItsAsk) {
  const test::OwnRoot root = test::make_own_root();
  certificates_.ask = simulated_ask();
  certificates_.ask->certifying_id = root.ark.key_id;
  certificates_.ask->signature =
      crypto::sign_rsa_pss(root.private_key, false, signed_bytes(*certificates_.ask));
  certificates_.ark = root.ark;
  EXPECT_EQ(verify_chain(certificates_).value().root, ChainRoot::kSimulated);
}

TEST_F(SimulatedChain, EndsAtNothingThatIsKnownUnderSomebodysOwnRoot) {
  const test::OwnRoot root = test::make_own_root();
  sign(certificates_.cek, root);
  expect_broken(ChainLink::kCekByAsk);
  certificates_.ask = root.ask;
  expect_broken(ChainLink::kAskByArk);
  certificates_.ark = root.ark;
  EXPECT_EQ(verify_chain(certificates_).value().root, ChainRoot::kUnknown);
}

TEST(RealChain, BreaksWhereTheArkIsChanged) {
  auto certificates = parse_platform_certificates(test::epyc_7002_chain()).value();
  certificates.ark->key_id[0] ^= 1;
  EXPECT_EQ(verify_chain(certificates).error(), ChainLink::kArkByArk);
}

TEST(SimulatedRoot, SaysSoInItsKeyIds) {
  const auto text = [](const ByteArray<16>& id) { return std::string(id.begin(), id.end()); };
  EXPECT_EQ(text(simulated_ark().key_id), "SIMULATED-ARK-01");
  EXPECT_EQ(text(simulated_ask().key_id), "SIMULATED-ASK-01");
  EXPECT_TRUE(is_signed_by(simulated_ark(), simulated_ark()));
  EXPECT_TRUE(is_signed_by(simulated_ask(), simulated_ark()));
  EXPECT_EQ(simulated_ark().modulus.size(), 512U);
}

TEST(SimulatedRoot, IsKnownByItsKeyUnderAnotherName) {
  AmdCertificate renamed = simulated_ark();
  renamed.key_id = {};
  EXPECT_TRUE(is_simulated(renamed));
}

TEST(SimulatedRoot, HasThePrivateKeyOfEachCertificate) {
  const Bytes data = {1, 2, 3};
  const Bytes by_ark = crypto::sign_rsa_pss(simulated_ark_private_key(), true, data);
  EXPECT_TRUE(crypto::verify_rsa_pss(simulated_ark().modulus, simulated_ark().exponent, true, data, by_ark));
  EXPECT_FALSE(crypto::verify_rsa_pss(simulated_ask().modulus, simulated_ask().exponent, true, data, by_ark));
}

TEST(PlatformFile, IsReadAsFirmwareExportsIt) {
  const Platform platform;
  const auto pdh = serialise(platform.certificates.pdh);
  const Bytes chain = serialise_chain(platform.certificates);
  EXPECT_EQ(chain.size(), 6252U);
  const auto again = parse_platform_certificates(pdh, chain);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->pek, platform.certificates.pek);
  EXPECT_EQ(again->cek, platform.certificates.cek);
  EXPECT_FALSE(again->ask);
}

TEST(PlatformFile, NamesTheCertificateThatIsMalformed) {
  Bytes bytes = test::epyc_7001_chain();
  bytes[2 * SevCertificate::kSize] = 9;
  const auto certificates = parse_platform_certificates(bytes);
  ASSERT_FALSE(certificates);
  EXPECT_EQ(certificates.error().certificate, "OCA");
  EXPECT_EQ(explain(certificates.error()), "the OCA certificate is not of version 1");
}

TEST(PlatformFile, IsRefusedAtEveryOtherLength) {
  Bytes bytes = test::epyc_7001_chain();
  for (std::size_t length = 0; length < bytes.size(); length += 97) {
    if (length != 4 * SevCertificate::kSize) {
      EXPECT_FALSE(parse_platform_certificates(ByteView(bytes).first(length))) << length;
    }
  }
  bytes.push_back(0);
  EXPECT_FALSE(parse_platform_certificates(bytes));
}

}  // namespace
}  // namespace virtsev::sevcore
