// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/abi/attestation_report.hpp"

#include <gtest/gtest.h>

#include "sevcore/certificates/make_certificates.hpp"
#include "tests/sevcore/bytes_helpers.hpp"

namespace virtsev::sevcore {
namespace {

using test::counting_from;

class Report : public testing::Test {
 protected:
  crypto::EcKey pek_ = crypto::EcKey::generate();
  SevCertificate certificate_ = make_pek_request(pek_.public_point(), {1, 55});
  AttestationReport report_ =
      sign_attestation_report(counting_from<16>(1), counting_from<32>(0x20), Policy(0x5), pek_);
};

TEST_F(Report, IsSignedByThePlatformsPek) {
  EXPECT_TRUE(is_signed_by(report_, certificate_));
  EXPECT_FALSE(is_signed_by(report_, make_pek_request(crypto::EcKey::generate().public_point(), {1, 55})));
}

TEST_F(Report, HasTheFirmwaresLayout) {
  const auto bytes = serialise(report_);
  EXPECT_EQ(bytes[0x00], 1);
  EXPECT_EQ(bytes[0x10], 0x20);
  EXPECT_EQ(get_le<std::uint32_t>(bytes, 0x30), 5U);
  EXPECT_EQ(get_le<std::uint32_t>(bytes, 0x34), 0x1002U);
  EXPECT_EQ(get_le<std::uint32_t>(bytes, 0x38), 2U);
}

TEST_F(Report, IsRefusedWithAnyByteChanged) {
  const auto bytes = serialise(report_);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto changed = bytes;
    changed[i] ^= 0x10;
    const auto parsed = parse_attestation_report(changed);
    EXPECT_TRUE(!parsed || !is_signed_by(*parsed, certificate_)) << "byte " << i;
  }
}

TEST_F(Report, IsRefusedAtAnyOtherLength) {
  const auto bytes = serialise(report_);
  EXPECT_TRUE(parse_attestation_report(bytes));
  EXPECT_EQ(parse_attestation_report(ByteView(bytes).first(207)).error(), CertificateFault::kLength);
  EXPECT_EQ(parse_attestation_report({}).error(), CertificateFault::kLength);
}

}  // namespace
}  // namespace virtsev::sevcore
