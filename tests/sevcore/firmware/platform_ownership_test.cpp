// SPDX-License-Identifier: LGPL-2.1-or-later
// PEK_CSR and PEK_CERT_IMPORT: from a platform that owns itself to one with an owner, and back.
#include "sevcore/certificates/make_certificates.hpp"
#include "tests/sevcore/firmware/firmware_fixture.hpp"

namespace virtsev::sevcore {
namespace {

using enum FirmwareStatus;

class PlatformOwnershipTest : public FirmwareTest {
 protected:
  FirmwareStatus request(ByteArray<2084>& bytes) {
    OutputBuffer buffer{address_of(bytes), kCertificateSize};
    return run(MailboxCommand::kPekCsr, buffer);
  }
  /// The platform's PEK, signed by the owner.
  SevCertificate signed_pek(std::size_t place = 0) {
    ByteArray<2084> bytes{};
    EXPECT_EQ(request(bytes), kSuccess);
    SevCertificate pek = *parse_sev_certificate(bytes);
    sign(pek, place, KeyUsage::kOca, owner_);
    return pek;
  }
  FirmwareStatus import(ByteView pek, ByteView oca) {
    PekCertImportBuffer buffer;
    buffer.pek_address = reinterpret_cast<std::uintptr_t>(pek.data());
    buffer.pek_length = static_cast<std::uint32_t>(pek.size());
    buffer.oca_address = reinterpret_cast<std::uintptr_t>(oca.data());
    buffer.oca_length = static_cast<std::uint32_t>(oca.size());
    return run(MailboxCommand::kPekCertImport, buffer);
  }
  FirmwareStatus import(const SevCertificate& pek) { return import(serialise(pek), serialise(oca_)); }
  bool owned() { return (platform_status().flags & kPlatformOwned) != 0; }

  crypto::EcKey owner_ = crypto::EcKey::generate();
  SevCertificate oca_ = make_oca(owner_);
};

TEST_F(PlatformOwnershipTest, AsksForASignatureOnThePekThatItHas) {
  ByteArray<2084> bytes{};
  ASSERT_EQ(request(bytes), kSuccess);
  const auto csr = parse_sev_certificate(bytes);
  ASSERT_TRUE(csr.has_value());
  EXPECT_EQ(csr->usage, KeyUsage::kPek);
  EXPECT_EQ(csr->key, core_.identity().certificates.pek.key);
  EXPECT_FALSE(csr->signatures[0].present());
  EXPECT_FALSE(csr->signatures[1].present());
}

TEST_F(PlatformOwnershipTest, SaysHowLongARequestIs) {
  OutputBuffer buffer{address_of(page_), 2083};
  EXPECT_EQ(run(MailboxCommand::kPekCsr, buffer), kInvalidLength);
  EXPECT_EQ(buffer.length, 2084U);
}

TEST_F(PlatformOwnershipTest, PassesToItsOwnerWithTheSamePekAndANewPdh) {
  for (const std::size_t place : {0U, 1U}) {
    run(MailboxCommand::kPekGen);
    const PlatformCertificates before = core_.identity().certificates;
    ASSERT_FALSE(owned());
    ASSERT_EQ(import(signed_pek(place)), kSuccess);
    EXPECT_TRUE(owned());
    const PlatformCertificates& after = core_.identity().certificates;
    EXPECT_EQ(after.pek.key, before.pek.key);
    EXPECT_EQ(after.oca, oca_);
    EXPECT_NE(after.pdh, before.pdh);
    EXPECT_TRUE(verify_chain(after).has_value()) << "the CEK has signed the PEK too, place " << place;
  }
}

TEST_F(PlatformOwnershipTest, HasOneOwnerUntilItIsResetOrMakesANewPek) {
  for (const auto command : {MailboxCommand::kPlatformReset, MailboxCommand::kPekGen}) {
    const SevCertificate pek = signed_pek();
    ASSERT_EQ(import(pek), kSuccess);
    EXPECT_EQ(import(pek), kAlreadyOwned);
    ByteArray<2084> bytes{};
    EXPECT_EQ(request(bytes), kAlreadyOwned);
    if (command == MailboxCommand::kPlatformReset) {
      run(MailboxCommand::kShutdown);
      EXPECT_EQ(run(command), kSuccess);
      initialize();
    } else {
      EXPECT_EQ(run(command), kSuccess);
    }
    EXPECT_FALSE(owned());
    EXPECT_NE(core_.identity().certificates.oca, oca_);
    EXPECT_TRUE(verify_chain(core_.identity().certificates).has_value());
    EXPECT_EQ(import(pek), kInvalidCertificate) << "the request of an older PEK";
  }
}

TEST_F(PlatformOwnershipTest, RefusesAPekWithAnyByteChanged) {
  const auto good = serialise(signed_pek());
  const auto oca = serialise(oca_);
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto changed = good;
    changed[i] ^= 0x01;
    const FirmwareStatus status = import(changed, oca);
    if (i == 0x419) {
      EXPECT_EQ(status, kBadSignature) << "the algorithm becomes ECDSA with SHA-384";
    } else if (i >= 0x41c && i < 0x41c + 144) {
      EXPECT_TRUE(status == kBadSignature || status == kInvalidCertificate) << "byte " << i;
    } else {
      EXPECT_EQ(status, kInvalidCertificate) << "byte " << i;
    }
  }
  EXPECT_FALSE(owned());
  EXPECT_EQ(import(good, oca), kSuccess);
}

TEST_F(PlatformOwnershipTest, RefusesAnOcaWithAnyByteChanged) {
  const auto pek = serialise(signed_pek());
  const auto good = serialise(oca_);
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto changed = good;
    changed[i] ^= 0x01;
    const FirmwareStatus status = import(pek, changed);
    EXPECT_TRUE(status == kBadSignature || status == kInvalidCertificate) << "byte " << i;
  }
  EXPECT_FALSE(owned());
}

TEST_F(PlatformOwnershipTest, RefusesTheSignatureOfAnotherOwner) {
  SevCertificate pek = signed_pek();
  sign(pek, 0, KeyUsage::kOca, crypto::EcKey::generate());
  EXPECT_EQ(import(pek), kBadSignature);
  SevCertificate own = core_.identity().certificates.pek;
  EXPECT_EQ(import(own), kInvalidCertificate) << "signed in both places";
  EXPECT_EQ(import(serialise(signed_pek()), serialise(core_.identity().certificates.cek)),
            kInvalidCertificate)
      << "a CEK is no OCA";
}

TEST_F(PlatformOwnershipTest, ChecksStateLengthsAndAddresses) {
  const auto pek = serialise(signed_pek());
  const auto oca = serialise(oca_);
  EXPECT_EQ(import(ByteView(pek).first(2083), oca), kInvalidLength);
  EXPECT_EQ(import(pek, {}), kInvalidLength);
  PekCertImportBuffer nowhere{0, 2084, 0, address_of(oca), 2084};
  EXPECT_EQ(run(MailboxCommand::kPekCertImport, nowhere), kInvalidAddress);
  nowhere.reserved = 1;
  EXPECT_EQ(run(MailboxCommand::kPekCertImport, nowhere), kInvalidParameter);

  std::uint32_t handle = 0;
  ASSERT_EQ(start(kSevPolicy, handle), kSuccess);
  ByteArray<2084> bytes{};
  EXPECT_EQ(request(bytes), kInvalidPlatformState) << "while a guest runs";
  EXPECT_EQ(import(pek, oca), kInvalidPlatformState);
  run(MailboxCommand::kShutdown);
  EXPECT_EQ(request(bytes), kInvalidPlatformState);
  EXPECT_EQ(import(pek, oca), kInvalidPlatformState);
}

TEST_F(PlatformOwnershipTest, IsKeptInTheIdentityFile) {
  ASSERT_EQ(import(signed_pek()), kSuccess);
  const auto read = parse_platform_identity(serialise(core_.identity()));
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(read->owned());
  EXPECT_EQ(read->certificates.oca, oca_);
  EXPECT_EQ(read->pek.public_point(), core_.identity().pek.public_point());
  EXPECT_FALSE(shared_identity().owned());
}

}  // namespace
}  // namespace virtsev::sevcore
