// SPDX-License-Identifier: LGPL-2.1-or-later
// Single certificates: their layout, and what is none.
#include <gtest/gtest.h>

#include "sevcore/certificates/amd_certificate.hpp"
#include "sevcore/certificates/make_certificates.hpp"
#include "sevcore/certificates/simulated_root.hpp"
#include "tests/sevcore/certificates/published_chains.hpp"

namespace virtsev::sevcore {
namespace {

constexpr ApiVersion kApi{1, 55};

TEST(SevCertificate, IsRewrittenAsRealPlatformsWroteIt) {
  for (const Bytes& bytes : {test::epyc_7001_chain(), test::epyc_7002_chain()}) {
    for (std::size_t i = 0; i < 4; ++i) {
      const ByteView one = ByteView(bytes).subspan(i * SevCertificate::kSize, SevCertificate::kSize);
      const auto certificate = parse_sev_certificate(one);
      ASSERT_TRUE(certificate) << i << ": " << explain(certificate.error());
      const auto again = serialise(*certificate);
      EXPECT_TRUE(std::equal(again.begin(), again.end(), one.begin(), one.end())) << i;
    }
  }
}

TEST(AmdCertificate, IsRewrittenAsAmdWroteIt) {
  for (const Bytes& bytes : {test::epyc_7001_chain(), test::epyc_7002_chain()}) {
    const ByteView amd = ByteView(bytes).subspan(4 * SevCertificate::kSize);
    const auto ask = parse_amd_certificate(amd.first(amd.size() / 2));
    ASSERT_TRUE(ask);
    EXPECT_EQ(ask->usage, KeyUsage::kAsk);
    EXPECT_EQ(amd_certificate_size(amd), amd.size() / 2);
    EXPECT_EQ(serialise(*ask), Bytes(amd.begin(), amd.begin() + static_cast<std::ptrdiff_t>(amd.size() / 2)));
  }
}

TEST(AmdCertificate, MayEndBeforeItsSignature) {  // AMD published its first ARK so
  const Bytes bytes = test::epyc_7001_chain();
  const auto ark = parse_amd_certificate(ByteView(bytes).subspan(4 * SevCertificate::kSize + 832, 576));
  ASSERT_TRUE(ark);
  EXPECT_TRUE(ark->signature.empty());
  EXPECT_FALSE(is_signed_by(*ark, *ark));
}

TEST(SevCertificate, IsSignedWhereRealPlatformsSign) {
  const crypto::EcKey oca = crypto::EcKey::generate();
  const crypto::EcKey cek = crypto::EcKey::generate();
  const SevCertificate pek = make_pek(crypto::EcKey::generate().public_point(), kApi, oca, cek);
  EXPECT_EQ(pek.signatures[0].usage, KeyUsage::kOca);
  EXPECT_EQ(pek.signatures[1].usage, KeyUsage::kCek);
  EXPECT_EQ(pek.algorithm, KeyAlgorithm::kEcdsaSha256);
  EXPECT_EQ(make_pdh(oca.public_point(), kApi, cek).algorithm, KeyAlgorithm::kEcdhSha256);
  EXPECT_EQ(make_oca(oca).api_major, 0);
  EXPECT_FALSE(make_godh(oca.public_point(), kApi).signatures[0].present());
}

TEST(SevCertificate, TakesItsSignaturesInEitherPlace) {
  const crypto::EcKey oca = crypto::EcKey::generate();
  SevCertificate pek =
      make_pek(crypto::EcKey::generate().public_point(), kApi, oca, crypto::EcKey::generate());
  std::swap(pek.signatures[0], pek.signatures[1]);
  EXPECT_TRUE(is_signed_by(pek, make_oca(oca)));
}

TEST(SevCertificate, IsNotSignedByAKeyOfAnotherUsage) {
  const crypto::EcKey key = crypto::EcKey::generate();
  const SevCertificate oca = make_oca(key);
  SevCertificate pek = make_pek_request(crypto::EcKey::generate().public_point(), kApi);
  sign(pek, 0, KeyUsage::kCek, key);
  EXPECT_FALSE(is_signed_by(pek, oca));
}

TEST(SevCertificate, OneChangedByteIsMalformedOrUnsigned) {
  const crypto::EcKey pek = crypto::EcKey::generate();
  const SevCertificate pek_certificate = make_pek(pek.public_point(), kApi, pek, pek);
  const SevCertificate pdh = make_pdh(crypto::EcKey::generate().public_point(), kApi, pek);
  const auto bytes = serialise(pdh);
  ASSERT_TRUE(is_signed_by(pdh, pek_certificate));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto changed = bytes;
    changed[i] ^= 0x04;
    const auto parsed = parse_sev_certificate(changed);
    EXPECT_TRUE(!parsed || !is_signed_by(*parsed, pek_certificate)) << "byte " << i;
  }
}

TEST(AmdCertificate, OneChangedByteIsMalformedOrUnsigned) {
  const AmdCertificate& ark = simulated_ark();
  const Bytes bytes = serialise(simulated_ask());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Bytes changed = bytes;
    changed[i] ^= 0x04;
    const auto parsed = parse_amd_certificate(changed);
    EXPECT_TRUE(!parsed || !is_signed_by(*parsed, ark)) << "byte " << i;
  }
}

TEST(SevCertificate, RefusesEachKindOfMalformedBytesWithItsReason) {
  const auto good = serialise(make_oca(crypto::EcKey::generate()));
  const auto fault_with = [&](std::size_t offset, std::uint8_t value) {
    auto bytes = good;
    bytes[offset] = value;
    const auto parsed = parse_sev_certificate(bytes);
    EXPECT_FALSE(parsed) << offset;
    return parsed ? CertificateFault::kLength : parsed.error();
  };
  EXPECT_EQ(fault_with(0x000, 2), CertificateFault::kVersion);
  EXPECT_EQ(fault_with(0x006, 1), CertificateFault::kReserved);
  EXPECT_EQ(fault_with(0x008, 0x00), CertificateFault::kUsage);         // 0x1000: none
  EXPECT_EQ(fault_with(0x00c, 3), CertificateFault::kAlgorithm);        // an OCA does not do Diffie-Hellman
  EXPECT_EQ(fault_with(0x010, 1), CertificateFault::kKey);              // P-256
  EXPECT_EQ(fault_with(0x014 + 48, 1), CertificateFault::kKey);         // longer than a coordinate
  EXPECT_EQ(fault_with(0x413, 1), CertificateFault::kKey);              // unused part of the key
  EXPECT_EQ(fault_with(0x418, 1), CertificateFault::kSignature);        // RSA by an OCA
  EXPECT_EQ(fault_with(0x41c + 144, 1), CertificateFault::kSignature);  // unused part of the signature
  EXPECT_EQ(fault_with(0x624, 1), CertificateFault::kSignature);        // in an unused place
}

TEST(SevCertificate, RefusesOtherLengths) {
  const Bytes bytes = test::epyc_7001_chain();
  for (const std::size_t length : {0U, 1U, 2083U, 2085U}) {
    EXPECT_EQ(parse_sev_certificate(ByteView(bytes).first(length)).error(), CertificateFault::kLength);
  }
}

TEST(AmdCertificate, RefusesOtherLengthsAndKeys) {
  const Bytes good = serialise(simulated_ark());
  for (const std::size_t length : {0U, 63U, 64U, 1087U, 1089U, 1599U}) {
    EXPECT_EQ(parse_amd_certificate(ByteView(good).first(length)).error(), CertificateFault::kLength)
        << length;
  }
  Bytes bytes = good;
  bytes[60] ^= 1;  // 4097 bits
  EXPECT_EQ(parse_amd_certificate(bytes).error(), CertificateFault::kKey);
  EXPECT_EQ(amd_certificate_size(bytes), 0U);
}

}  // namespace
}  // namespace virtsev::sevcore
