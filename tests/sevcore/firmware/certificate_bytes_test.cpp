// SPDX-License-Identifier: LGPL-2.1-or-later
// Certificates with any one of their 2084 bytes changed: which status the firmware gives follows from what
// the byte means (layout: SEV API, appendix C.1).
#include "sevcore/certificates/make_certificates.hpp"
#include "tests/sevcore/firmware/migration_fixture.hpp"

namespace virtsev::sevcore {
namespace {

using enum FirmwareStatus;

/// What a byte of a certificate is part of.
enum class Field : std::uint8_t { kFormat, kApiVersion, kKey, kSignature1, kSignature2 };

Field field_at(std::size_t offset) {
  constexpr std::size_t kSignature2 = SevCertificate::kSignedSize + 520;
  if (offset >= kSignature2) {
    return Field::kSignature2;
  }
  if (offset >= SevCertificate::kSignedSize) {
    return Field::kSignature1;
  }
  if (offset == 4 || offset == 5) {
    return Field::kApiVersion;
  }
  constexpr std::size_t kX = 0x14;
  constexpr std::size_t kY = kX + 72;
  constexpr std::size_t kCoordinate = 48;
  const bool in_key =
      (offset >= kX && offset < kX + kCoordinate) || (offset >= kY && offset < kY + kCoordinate);
  return in_key ? Field::kKey : Field::kFormat;
}

class CertificateBytesTest : public MigrationTest {
 protected:
  /// Calls `give` with the certificate once for each of its bytes, that one changed.
  template <typename Give>
  static void for_each_byte(const SevCertificate& certificate, Give give) {
    const auto good = serialise(certificate);
    for (std::size_t i = 0; i < good.size(); ++i) {
      auto changed = good;
      changed[i] ^= 0x01;
      give(i, changed);
    }
  }
};

TEST_F(CertificateBytesTest, TheGuestOwnersCertificateIsHeldToItsFormatAndItsKeyToTheSession) {
  const OwnerSession session = make_session(core_.identity().certificates.pdh, kEsPolicy);
  for_each_byte(session.godh, [&](std::size_t i, const auto& godh) {
    std::uint32_t handle = 0;
    const FirmwareStatus status = start(godh, session.blob, kEsPolicy, handle);
    switch (field_at(i)) {
      case Field::kApiVersion:  // The owner's tool says there what it likes
        EXPECT_EQ(status, kSuccess) << "byte " << i;
        EXPECT_EQ(run_on(MailboxCommand::kDecommission, handle), kSuccess);
        break;
      case Field::kKey:  // Hardly ever a point of the curve
      case Field::kFormat:
        EXPECT_EQ(status, kInvalidCertificate) << "byte " << i;
        break;
      default:  // Unsigned, as sevctl writes it: then nothing may stand there
        EXPECT_EQ(status, kInvalidCertificate) << "byte " << i;
        break;
    }
  });
}

TEST_F(CertificateBytesTest, AnotherOwnersKeyDoesNotOpenTheSession) {
  const OwnerSession session = make_session(core_.identity().certificates.pdh, kEsPolicy);
  const OwnerSession other = make_session(core_.identity().certificates.pdh, kEsPolicy);
  std::uint32_t handle = 0;
  EXPECT_EQ(start(serialise(other.godh), session.blob, kEsPolicy, handle), kBadMeasurement);
}

TEST_F(CertificateBytesTest, ACertificateForAnotherExchangeIsRefused) {
  OwnerSession session = make_session(core_.identity().certificates.pdh, kEsPolicy);
  std::uint32_t handle = 0;
  session.godh.algorithm = KeyAlgorithm::kEcdhSha384;
  EXPECT_EQ(start(serialise(session.godh), session.blob, kEsPolicy, handle), kInvalidCertificate);
  session.godh.algorithm = KeyAlgorithm::kEcdhSha256;
  EXPECT_EQ(start(serialise(session.godh), session.blob, kEsPolicy, handle), kSuccess);
}

/// Of the target's PDH, PEK and OCA the policy DOMAIN lets no byte change unseen: all are under a signature,
/// or are one.
TEST_F(CertificateBytesTest, TheTargetsPdhIsHeldToItsFormatAndSignature) {
  const std::uint32_t guest = running(Policy(0));
  const PlatformCertificates& target = target_.identity().certificates;
  for_each_byte(target.pdh, [&](std::size_t i, const auto& pdh) {
    const FirmwareStatus status = send_start(guest, pdh, serialise_chain(target), {});
    switch (field_at(i)) {
      case Field::kApiVersion:
      case Field::kKey:
        EXPECT_EQ(status, kBadSignature) << "byte " << i;
        break;
      case Field::kSignature1:  // Its usage and algorithm, or what can't be a number of the curve, are format
        EXPECT_TRUE(status == kBadSignature || status == kInvalidCertificate) << "byte " << i;
        break;
      default:
        EXPECT_EQ(status, kInvalidCertificate) << "byte " << i;
        break;
    }
  });
  EXPECT_EQ(state_of(guest), GuestState::kRunning);
}

TEST_F(CertificateBytesTest, OfTheTargetsChainEveryByteThatThePolicyAsksForCounts) {
  const std::uint32_t guest = running(Policy(0x20));  // SEV: up to the root
  const PlatformCertificates& target = target_.identity().certificates;
  const auto pdh = serialise(target.pdh);
  const Bytes amd = simulated_amd_certificates();
  const Bytes chain = serialise_chain(target);
  ASSERT_EQ(chain.size(), std::size_t{kCertificateChainSize});
  for (std::size_t i = 0; i < chain.size(); i += 5) {  // 5 shares no factor with 2084: all kinds of bytes
    Bytes changed = chain;
    changed[i] ^= 0x01;
    const FirmwareStatus status = send_start(guest, pdh, changed, amd);
    EXPECT_TRUE(status == kBadSignature || status == kInvalidCertificate)
        << "certificate " << i / kCertificateSize << ", byte " << i % kCertificateSize;
    ASSERT_EQ(state_of(guest), GuestState::kRunning) << i;
  }
}

}  // namespace
}  // namespace virtsev::sevcore
