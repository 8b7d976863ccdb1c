// SPDX-License-Identifier: LGPL-2.1-or-later
// The platform's states, ASIDs, certificates and identity.
#include "sevcore/certificates/simulated_root.hpp"
#include "tests/sevcore/firmware/firmware_fixture.hpp"

namespace virtsev::sevcore {
namespace {

using enum FirmwareStatus;

class PlatformCommandsTest : public FirmwareTest {
 protected:
  PlatformState state() { return static_cast<PlatformState>(platform_status().state); }
};

TEST_F(PlatformCommandsTest, GoesToWorkingWithTheFirstGuestAndBackWithTheLast) {
  EXPECT_EQ(state(), PlatformState::kInitialized);
  std::uint32_t handle = 0;
  ASSERT_EQ(start(kSevPolicy, handle), kSuccess);
  EXPECT_EQ(state(), PlatformState::kWorking);
  EXPECT_EQ(platform_status().guest_count, 1U);
  ASSERT_EQ(run_on(MailboxCommand::kDecommission, handle), kSuccess);
  EXPECT_EQ(state(), PlatformState::kInitialized);
  ASSERT_EQ(run(MailboxCommand::kShutdown), kSuccess);
  EXPECT_EQ(state(), PlatformState::kUninitialized);
  EXPECT_EQ(run(MailboxCommand::kShutdown), kInvalidPlatformState);
}

TEST_F(PlatformCommandsTest, SaysItsVersionAndWhetherEsWorks) {
  const PlatformStatusBuffer status = platform_status();
  EXPECT_EQ(status.api_major, 1);
  EXPECT_EQ(status.api_minor, 55);
  EXPECT_EQ(status.build, 24);
  const std::uint32_t flags = status.flags;
  EXPECT_EQ(flags, kPlatformEs);
}

TEST_F(PlatformCommandsTest, IsInitializedOnce) {
  InitBuffer buffer;
  EXPECT_EQ(run(MailboxCommand::kInit, buffer), kInvalidPlatformState);
  run(MailboxCommand::kShutdown);
  buffer.flags = 0x80;
  EXPECT_EQ(run(MailboxCommand::kInit, buffer), kInvalidParameter);
}

TEST_F(PlatformCommandsTest, ActivatesAGuestInThePoolOfItsPolicyAlone) {
  std::uint32_t sev = 0;
  std::uint32_t es = 0;
  ASSERT_EQ(start(kSevPolicy, sev), kSuccess);
  ASSERT_EQ(start(kEsPolicy, es), kSuccess);
  EXPECT_EQ(activate(sev, kEsAsid), kInvalidAsid);
  EXPECT_EQ(activate(es, kSevAsid), kInvalidAsid);
  EXPECT_EQ(activate(es, 0), kInvalidAsid);
  EXPECT_EQ(activate(sev, 5), kInvalidAsid);
  EXPECT_EQ(activate(es, kEsAsid), kSuccess);
  std::uint32_t another = 0;
  ASSERT_EQ(start(kEsPolicy, another), kSuccess);
  EXPECT_EQ(activate(another, kEsAsid), kAsidOwned);
}

TEST_F(PlatformCommandsTest, WantsAFlushBeforeAnAsidIsUsedAgain) {
  std::uint32_t handle = 0;
  ASSERT_EQ(start(kSevPolicy, handle), kSuccess);
  ASSERT_EQ(activate(handle, kSevAsid), kSuccess);
  ASSERT_EQ(run_on(MailboxCommand::kDeactivate, handle), kSuccess);
  EXPECT_EQ(activate(handle, kSevAsid), kDfFlushRequired);
  ASSERT_EQ(run(MailboxCommand::kDfFlush), kSuccess);
  EXPECT_EQ(activate(handle, kSevAsid), kSuccess);
}

TEST_F(PlatformCommandsTest, ExportsAChainThatEndsAtTheSimulatedRoot) {
  Bytes pdh(kCertificateSize);
  Bytes chain(kCertificateChainSize);
  PdhCertExportBuffer buffer{address_of(pdh), kCertificateSize, 0, address_of(chain), kCertificateChainSize};
  ASSERT_EQ(run(MailboxCommand::kPdhCertExport, buffer), kSuccess);
  const auto certificates = parse_platform_certificates(pdh, chain);
  ASSERT_TRUE(certificates.has_value());
  const auto root = verify_chain(*certificates);
  ASSERT_TRUE(root.has_value());
  EXPECT_EQ(root->root, ChainRoot::kSimulated);
}

TEST_F(PlatformCommandsTest, SaysHowLongCertificatesAndIdAre) {
  PdhCertExportBuffer lengths;
  EXPECT_EQ(run(MailboxCommand::kPdhCertExport, lengths), kInvalidLength);
  EXPECT_EQ(lengths.pdh_length, 2084U);
  EXPECT_EQ(lengths.chain_length, 6252U);
  OutputBuffer id;
  EXPECT_EQ(run(MailboxCommand::kGetId, id), kInvalidLength);
  EXPECT_EQ(id.length, 64U);
}

TEST_F(PlatformCommandsTest, NewKeysMakeOldSessionsVoidAndKeepTheChainWhole) {
  const OwnerSession session = make_session(core_.identity().certificates.pdh, kEsPolicy);
  for (const auto command : {MailboxCommand::kPdhGen, MailboxCommand::kPekGen}) {
    const PlatformCertificates before = core_.identity().certificates;
    ASSERT_EQ(run(command), kSuccess);
    const PlatformCertificates& after = core_.identity().certificates;
    EXPECT_NE(before.pdh, after.pdh);
    EXPECT_EQ(before.pek == after.pek, command == MailboxCommand::kPdhGen);
    EXPECT_EQ(before.cek, after.cek);
    EXPECT_TRUE(verify_chain(after).has_value());
    std::uint32_t handle = 0;
    EXPECT_EQ(start(serialise(session.godh), session.blob, kEsPolicy, handle), kBadMeasurement);
  }
}

TEST_F(PlatformCommandsTest, ChangesKeysOnlyWhereNoGuestNeedsThem) {
  EXPECT_EQ(run(MailboxCommand::kPlatformReset), kInvalidPlatformState);
  std::uint32_t handle = 0;
  ASSERT_EQ(start(kSevPolicy, handle), kSuccess);
  EXPECT_EQ(run(MailboxCommand::kPekGen), kInvalidPlatformState);
  EXPECT_EQ(run(MailboxCommand::kPdhGen), kSuccess);
  run(MailboxCommand::kShutdown);
  EXPECT_EQ(run(MailboxCommand::kPdhGen), kInvalidPlatformState);
  EXPECT_EQ(run(MailboxCommand::kPlatformReset), kSuccess);
}

TEST_F(PlatformCommandsTest, CountsGuestsOfOtherInstances) {
  core_.set_guests_elsewhere([] { return 3U; });
  EXPECT_EQ(platform_status().guest_count, 3U);
  EXPECT_EQ(state(), PlatformState::kWorking);
  EXPECT_EQ(run(MailboxCommand::kPekGen), kInvalidPlatformState);
}

TEST(PlatformIdentityTest, IsTheSameAfterWritingAndReading) {
  const PlatformIdentity made = make_platform_identity();
  const auto read = parse_platform_identity(serialise(made));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->chip_id, made.chip_id);
  EXPECT_EQ(read->certificates.pdh, made.certificates.pdh);
  EXPECT_EQ(read->certificates.cek, made.certificates.cek);
  EXPECT_EQ(read->pdh.public_point(), made.pdh.public_point());
  EXPECT_EQ(read->cek.public_point(), made.cek.public_point());
}

TEST(PlatformIdentityTest, RefusesAFileThatIsCutOffAnywhereOrHasAnyByteChanged) {
  const Bytes whole = serialise(make_platform_identity());
  for (std::size_t length = 1; length < whole.size(); length += 97) {
    const auto cut = parse_platform_identity(ByteView(whole).first(length));
    ASSERT_FALSE(cut.has_value()) << length;
    EXPECT_EQ(cut.error(), IdentityFault::kTorn) << length;
  }
  for (std::size_t i = 0; i < whole.size(); i += 13) {
    Bytes changed = whole;
    changed[i] ^= 0x01;
    EXPECT_FALSE(parse_platform_identity(changed).has_value()) << i;
  }
}

TEST(PlatformIdentityTest, TellsForeignFilesAndLaterVersionsApart) {
  EXPECT_EQ(parse_platform_identity(Bytes(100, 'x')).error(), IdentityFault::kForeign);
  Bytes later = serialise(make_platform_identity());
  later[16] = 2;
  EXPECT_EQ(parse_platform_identity(later).error(), IdentityFault::kVersion);
}

}  // namespace
}  // namespace virtsev::sevcore
