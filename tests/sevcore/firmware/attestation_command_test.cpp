// SPDX-License-Identifier: LGPL-2.1-or-later
// ATTESTATION: what the report says, and who signed it.
#include "sevcore/abi/attestation_report.hpp"
#include "tests/sevcore/firmware/firmware_fixture.hpp"

namespace virtsev::sevcore {
namespace {

using enum FirmwareStatus;

class AttestationCommandTest : public FirmwareTest {
 protected:
  AttestationCommandTest() {
    EXPECT_EQ(start(kEsPolicy, handle_), kSuccess);
    EXPECT_EQ(activate(handle_, kEsAsid), kSuccess);
    nonce_.fill(0xab);
  }

  std::uint32_t handle_ = 0;
  ByteArray<16> nonce_{};
  ByteArray<208> bytes_{};
};

TEST_F(AttestationCommandTest, ReportsDigestPolicyAndTheCallersNonceSignedByThePek) {
  page_.fill(0x77);
  ASSERT_EQ(update(handle_, page_), kSuccess);
  ASSERT_EQ(attest(handle_, bytes_, nonce_), kSuccess);
  const auto report = parse_attestation_report(bytes_);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->launch_digest, crypto::sha256(page_));
  EXPECT_EQ(report->policy, kEsPolicy);
  EXPECT_EQ(report->mnonce, nonce_);
  EXPECT_TRUE(is_signed_by(*report, core_.identity().certificates.pek));
}

TEST_F(AttestationCommandTest, GivesAReportThatHoldsWithNoByteChanged) {
  ASSERT_EQ(attest(handle_, bytes_, nonce_), kSuccess);
  for (std::size_t i = 0; i < bytes_.size(); ++i) {
    auto changed = bytes_;
    changed[i] ^= 0x01;
    const auto report = parse_attestation_report(changed);
    EXPECT_FALSE(report && is_signed_by(*report, core_.identity().certificates.pek)) << "byte " << i;
  }
}

TEST_F(AttestationCommandTest, SaysTheSameDigestBeforeAndAfterTheMeasurement) {
  ASSERT_EQ(update(handle_, page_), kSuccess);
  ASSERT_EQ(attest(handle_, bytes_), kSuccess);
  const auto before = parse_attestation_report(bytes_)->launch_digest;
  ASSERT_EQ(measure(handle_), kSuccess);
  ASSERT_EQ(run_on(MailboxCommand::kLaunchFinish, handle_), kSuccess);
  ASSERT_EQ(attest(handle_, bytes_), kSuccess);
  EXPECT_EQ(parse_attestation_report(bytes_)->launch_digest, before);
}

TEST_F(AttestationCommandTest, SaysHowLongAReportIs) {
  for (const std::uint32_t length : {0U, 1U, 207U}) {
    AttestationBuffer buffer;
    buffer.handle = handle_;
    buffer.address = address_of(bytes_);
    buffer.length = length;
    EXPECT_EQ(run(MailboxCommand::kAttestation, buffer), kInvalidLength);
    EXPECT_EQ(buffer.length, 208U);
  }
  EXPECT_EQ(bytes_, (ByteArray<208>{}));
}

TEST_F(AttestationCommandTest, RefusesAReservedFieldAndAnAddressThatIsNotMemory) {
  AttestationBuffer buffer;
  buffer.handle = handle_;
  buffer.length = 208;
  EXPECT_EQ(run(MailboxCommand::kAttestation, buffer), kInvalidAddress);
  buffer.reserved = 1;
  EXPECT_EQ(run(MailboxCommand::kAttestation, buffer), kInvalidParameter);
}

}  // namespace
}  // namespace virtsev::sevcore
