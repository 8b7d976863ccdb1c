// SPDX-License-Identifier: LGPL-2.1-or-later
// AMD's roots as virtsev has them, and the two real chains under them.
#include "sevcore/certificates/amd_roots.hpp"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "sevcore/base/hex.hpp"
#include "sevcore/certificates/platform_certificates.hpp"
#include "sevcore/certificates/simulated_root.hpp"
#include "tests/sevcore/certificates/published_chains.hpp"

namespace virtsev::sevcore {
namespace {

/// Key id, and SHA-256 of the big-endian modulus, of each ARK.
const std::map<std::string_view, std::pair<std::string, std::string>> kArks = {
    {"EPYC 7001 (Naples)",
     {"1bb987c359494606b174945601c9ea5b",
      "5f452a21949dbb87cf60a8d02278b74a63ba40d4420a47ac34463c43de6a8379"}},
    {"EPYC 7002 (Rome)",
     {"e6002122fb58419399d15fee7b131351",
      "f16657b74dd870045b040ea20583f098018e5b2f98ecff99c9f6fefdc5ecb2ca"}},
    {"EPYC 7003 (Milan)",
     {"94c38e4177d0479292a7ae671d083fb6",
      "857596e66a0dc486d69f4459554c56f96c3f83f3365984650d1aab5f7b215b2a"}},
    {"EPYC 9004 (Genoa)",
     {"9f9d4a8fe761456599f6946c4c010f3a",
      "33f0787614fd429b048d621d962950df6147063ce5c21410c6b7fa1431a6cea2"}},
    {"EPYC 9005 (Turin)",
     {"d05c3a8bde484904b49552422ceb3942",
      "10d484faa35104292e927402d98ea13b3244b3a8fa4ccbe41fcf5573dd9efa19"}},
};

PlatformCertificates parse(const Bytes& bytes) { return parse_platform_certificates(bytes).value(); }

PlatformCertificates without_root(const Bytes& bytes) {
  return parse(Bytes(bytes.begin(), bytes.begin() + 4 * SevCertificate::kSize));
}

TEST(AmdRoots, AreTheKeysThatAmdDistributes) {
  ASSERT_EQ(amd_roots().size(), kArks.size());
  for (const AmdRoot& root : amd_roots()) {
    const auto& [id, digest] = kArks.at(root.product);
    EXPECT_EQ(to_hex(root.ark.key_id), id);
    EXPECT_EQ(to_hex(crypto::sha256(root.ark.modulus)), digest);
    for (const AmdCertificate* certificate : {&root.ask, &root.ark}) {
      EXPECT_EQ(certificate->certifying_id, root.ark.key_id) << root.product;
      EXPECT_EQ(to_hex(certificate->exponent).substr(2 * certificate->exponent.size() - 8), "00010001");
      EXPECT_FALSE(is_simulated(*certificate));
    }
    EXPECT_EQ(root.ask.usage, KeyUsage::kAsk);
    EXPECT_EQ(root.ark.usage, KeyUsage::kArk);
    EXPECT_FALSE(same_key(root.ask, root.ark));
  }
}

TEST(AmdRoots, AreSignedByThemselvesWhereTheSignaturesCameAlong) {
  for (const AmdRoot& root : amd_roots()) {
    if (!root.ask.signature.empty()) {
      EXPECT_TRUE(is_signed_by(root.ask, root.ark)) << root.product;
      EXPECT_TRUE(is_signed_by(root.ark, root.ark)) << root.product;
    }
  }
  EXPECT_FALSE(amd_roots()[0].ask.signature.empty());
  EXPECT_FALSE(amd_roots()[1].ask.signature.empty());
}

TEST(RealChain, EndsAtAmdWithAndWithoutItsAskAndArk) {
  for (const auto& [chain, product] : {std::pair(test::epyc_7001_chain(), "EPYC 7001 (Naples)"),
                                       std::pair(test::epyc_7002_chain(), "EPYC 7002 (Rome)")}) {
    for (const PlatformCertificates& certificates : {parse(chain), without_root(chain)}) {
      const auto end = verify_chain(certificates);
      ASSERT_TRUE(end.has_value()) << explain(end.error());
      EXPECT_EQ(end->root, ChainRoot::kAmd);
      EXPECT_EQ(end->product, product);
      EXPECT_FALSE(is_simulated(certificates.cek));
    }
  }
}

TEST(RealChain, EndsAtAmdWithItsAskOrItsArkAlone) {
  PlatformCertificates certificates = parse(test::epyc_7002_chain());
  certificates.ark.reset();
  EXPECT_EQ(verify_chain(certificates).value().root, ChainRoot::kAmd);
  certificates = parse(test::epyc_7002_chain());
  certificates.ask.reset();
  EXPECT_EQ(verify_chain(certificates).value().root, ChainRoot::kAmd);
}

TEST(RealChain, HoldsUnderTheArkThatAmdDistributesWithoutASignature) {
  PlatformCertificates certificates = parse(test::epyc_7001_chain());
  certificates.ark->signature.clear();
  EXPECT_EQ(verify_chain(certificates).value().root, ChainRoot::kAmd);
  certificates.ark->modulus[100] ^= 1;
  EXPECT_EQ(verify_chain(certificates).error(), ChainLink::kArkByArk);
  certificates = parse(test::epyc_7001_chain());
  certificates.ark->signature.clear();
  certificates.ark->key_id[0] ^= 1;
  EXPECT_EQ(verify_chain(certificates).error(), ChainLink::kArkByArk);
}

TEST(RealChain, DoesNotHoldUnderTheSimulatedRoot) {
  PlatformCertificates certificates = parse(test::epyc_7002_chain());
  certificates.ask = simulated_ask();
  certificates.ark = simulated_ark();
  EXPECT_EQ(verify_chain(certificates).error(), ChainLink::kCekByAsk);
}

TEST(RealChain, DoesNotHoldUnderAnotherProductsRoot) {
  PlatformCertificates certificates = without_root(test::epyc_7002_chain());
  certificates.ark = amd_roots().at(2).ark;
  EXPECT_EQ(verify_chain(certificates).error(), ChainLink::kCekByAsk);
}

TEST(RealChain, BreaksWhereAnyByteOfAskOrArkIsChanged) {
  const Bytes good = test::epyc_7001_chain();
  for (std::size_t at = 4 * SevCertificate::kSize; at < good.size(); at += 31) {
    Bytes changed = good;
    changed[at] ^= 1;
    const auto certificates = parse_platform_certificates(changed);
    EXPECT_FALSE(certificates && verify_chain(*certificates)) << "byte " << at;
  }
}

TEST(RealChain, SaysThatFirmwareLeftTheCekUnsigned) {
  PlatformCertificates certificates = without_root(test::epyc_7002_chain());
  certificates.cek.signatures = {};
  EXPECT_EQ(verify_chain(certificates).error(), ChainLink::kCekUnsigned);
}

}  // namespace
}  // namespace virtsev::sevcore
