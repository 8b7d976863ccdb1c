// SPDX-License-Identifier: LGPL-2.1-or-later
// SEND_START: where a policy lets a guest go.
#include "sevcore/certificates/make_certificates.hpp"
#include "tests/sevcore/firmware/migration_fixture.hpp"

namespace virtsev::sevcore {
namespace {

using enum FirmwareStatus;
using enum MailboxCommand;

constexpr Policy kNoSend{0x8};
constexpr Policy kDomain{0x10};
constexpr Policy kAuthentic{0x20};

class SendPolicyTest : public MigrationTest {
 protected:
  const PlatformCertificates& target() { return target_.identity().certificates; }
  FirmwareStatus send_with_amd(std::uint32_t handle, ByteView amd) {
    return send_start(handle, serialise(target().pdh), serialise_chain(target()), amd);
  }
  /// Gives both platforms the same owner.
  void share_owner() {
    const auto owner = crypto::EcKey::generate();
    for (auto* core : {&core_, &target_}) {
      PlatformIdentity identity = core == &core_ ? shared_identity() : other_identity();
      SevCertificate pek = pek_request(identity);
      sign(pek, 0, KeyUsage::kOca, owner);
      take_owner(identity, pek, make_oca(owner));
      core->replace_identity(std::move(identity));
    }
  }
};

TEST_F(SendPolicyTest, NosendKeepsAGuestWhereItIs) {
  const std::uint32_t guest = running(kNoSend);
  EXPECT_EQ(send_start(guest, target()), kPolicyFailure);
  EXPECT_EQ(state_of(guest), GuestState::kRunning);
  EXPECT_EQ(session_blob_, (ByteArray<128>{}));
}

TEST_F(SendPolicyTest, DomainLetsAGuestGoToPlatformsOfTheSameOwnerAlone) {
  const std::uint32_t guest = running(kDomain);
  EXPECT_EQ(send_start(guest, target()), kPolicyFailure);
  share_owner();
  EXPECT_EQ(send_start(guest, target()), kSuccess);
  std::uint32_t arriving = 0;
  EXPECT_EQ(receive_start(kDomain, arriving), kSuccess);
}

TEST_F(SendPolicyTest, DomainWantsTheOwnersSignatureNotItsCertificateAlone) {
  const std::uint32_t guest = running(kDomain);
  PlatformCertificates pretended = target();
  pretended.oca = core_.identity().certificates.oca;
  EXPECT_EQ(send_start(guest, pretended), kBadSignature);
}

TEST_F(SendPolicyTest, SevLetsAGuestGoToPlatformsUnderTheSameRootAlone) {
  const std::uint32_t guest = running(kAuthentic);
  EXPECT_EQ(send_with_amd(guest, {}), kInvalidAddress) << "no ASK and ARK";
  PlatformCertificates forged = target();
  forged.cek = make_pek_request(forged.cek.key, {1, 55});
  EXPECT_EQ(send_start(guest, forged), kInvalidCertificate) << "no CEK";
  PlatformCertificates unsigned_cek = target();
  unsigned_cek.cek.signatures[0] = {};
  EXPECT_EQ(send_start(guest, unsigned_cek), kBadSignature);
  EXPECT_EQ(send_start(guest, target()), kSuccess);
}

TEST_F(SendPolicyTest, SevRefusesARootOfAnybodysOwnMaking) {
  const std::uint32_t guest = running(kAuthentic);
  const auto sign_with_ask = [](AmdCertificate certificate) {
    certificate.signature = crypto::sign_rsa_pss(simulated_ask_private_key(), certificate.uses_sha384(),
                                                 signed_bytes(certificate));
    return serialise(certificate);
  };
  AmdCertificate root = simulated_ark();  // Its id, and another key
  root.modulus = simulated_ask().modulus;
  Bytes amd = sign_with_ask(simulated_ask());
  const Bytes ark = sign_with_ask(root);
  amd.insert(amd.end(), ark.begin(), ark.end());
  EXPECT_EQ(send_with_amd(guest, amd), kPolicyFailure);
}

TEST_F(SendPolicyTest, SevRefusesAskAndArkWithAnyByteChanged) {
  const std::uint32_t guest = running(kAuthentic);
  const Bytes good = simulated_amd_certificates();
  for (std::size_t i = 0; i < good.size(); i += 7) {
    Bytes changed = good;
    changed[i] ^= 0x01;
    const FirmwareStatus status = send_with_amd(guest, changed);
    EXPECT_TRUE(status == kInvalidCertificate || status == kBadSignature) << "byte " << i;
  }
  EXPECT_EQ(state_of(guest), GuestState::kRunning);
}

TEST_F(SendPolicyTest, ComparesThePolicysLeastApiVersionWithTheTargets) {
  const std::uint32_t guest = running(Policy(0x37010000));
  PlatformCertificates old = target();
  old.pdh = make_pdh(old.pdh.key, {1, 54}, target_.identity().pek);
  EXPECT_EQ(send_start(guest, old), kPolicyFailure);
  old.pdh = make_pdh(old.pdh.key, {1, 55}, target_.identity().pek);
  EXPECT_EQ(send_start(guest, old), kSuccess);
}

TEST_F(SendPolicyTest, ChecksLengthsReservedFieldsAndAddresses) {
  const std::uint32_t guest = running(Policy(0));
  const auto pdh = serialise(target().pdh);
  const Bytes chain = serialise_chain(target());
  EXPECT_EQ(send_start(guest, ByteView(pdh).first(2083), chain, {}), kInvalidLength);
  EXPECT_EQ(send_start(guest, pdh, ByteView(chain).first(6251), {}), kInvalidLength);
  EXPECT_EQ(send_start(guest, pdh, chain, Bytes(kMaxBlobSize + 1)), kInvalidLength);
  SendStartBuffer buffer;
  buffer.handle = guest;
  buffer.pdh_length = kCertificateSize;
  buffer.chain_length = kCertificateChainSize;
  buffer.session_length = kSessionSize;
  EXPECT_EQ(run(kSendStart, buffer), kInvalidAddress);
  buffer.reserved2 = 1;
  EXPECT_EQ(run(kSendStart, buffer), kInvalidParameter);
  EXPECT_EQ(send_start(guest, pdh, chain, {}), kSuccess) << "without SEV, ASK and ARK are not looked at";
}

}  // namespace
}  // namespace virtsev::sevcore
