// SPDX-License-Identifier: LGPL-2.1-or-later
// LAUNCH_START: sessions, policies, shared keys.
#include "tests/sevcore/firmware/firmware_fixture.hpp"

namespace virtsev::sevcore {
namespace {

using enum FirmwareStatus;

class LaunchStartTest : public FirmwareTest {
 protected:
  const PlatformCertificates& certificates() { return core_.identity().certificates; }
};

TEST_F(LaunchStartTest, TakesASessionThatWasMadeForThisPlatformAndPolicy) {
  const OwnerSession session = make_session(certificates().pdh, kEsPolicy);
  std::uint32_t handle = 0;
  EXPECT_EQ(start(serialise(session.godh), session.blob, kEsPolicy, handle), kSuccess);
  EXPECT_NE(handle, 0U);
  EXPECT_EQ(state_of(handle), GuestState::kLaunchUpdate);
}

TEST_F(LaunchStartTest, RefusesASessionWithAnyByteChanged) {
  const OwnerSession session = make_session(certificates().pdh, kEsPolicy);
  const auto godh = serialise(session.godh);
  for (std::size_t i = 0; i < session.blob.size(); ++i) {
    SessionBlob changed = session.blob;
    changed[i] ^= 0x01;
    std::uint32_t handle = 0;
    EXPECT_EQ(start(godh, changed, kEsPolicy, handle), kBadMeasurement) << "byte " << i;
  }
  EXPECT_EQ(platform_status().guest_count, 0U);
}

TEST_F(LaunchStartTest, RefusesASessionForAnotherPolicyOrAnotherPlatform) {
  const OwnerSession session = make_session(certificates().pdh, kEsPolicy);
  std::uint32_t handle = 0;
  EXPECT_EQ(start(serialise(session.godh), session.blob, Policy(0x7), handle), kBadMeasurement);

  const PlatformIdentity other = make_platform_identity();
  const OwnerSession foreign = make_session(other.certificates.pdh, kEsPolicy);
  EXPECT_EQ(start(serialise(foreign.godh), foreign.blob, kEsPolicy, handle), kBadMeasurement);
}

TEST_F(LaunchStartTest, RefusesACertificateOrSessionOfAnotherLength) {
  const OwnerSession session = make_session(certificates().pdh, kEsPolicy);
  const auto godh = serialise(session.godh);
  std::uint32_t handle = 0;
  EXPECT_EQ(start(ByteView(godh).first(2083), session.blob, kEsPolicy, handle), kInvalidLength);
  EXPECT_EQ(start(godh, ByteView(session.blob).first(127), kEsPolicy, handle), kInvalidLength);
  EXPECT_EQ(start(godh, {}, kEsPolicy, handle), kInvalidLength);
}

TEST_F(LaunchStartTest, RefusesAnAddressThatIsNotMemory) {
  LaunchStartBuffer buffer;
  buffer.dh_length = kCertificateSize;
  buffer.session_length = kSessionSize;
  buffer.session_address = address_of(page_);
  EXPECT_EQ(run(MailboxCommand::kLaunchStart, buffer), kInvalidAddress);
}

TEST_F(LaunchStartTest, RefusesReservedPolicyBits) {
  for (unsigned bit = 6; bit < 16; ++bit) {
    std::uint32_t handle = 0;
    EXPECT_EQ(start(Policy(1U << bit), handle), kInvalidParameter) << "bit " << bit;
  }
}

TEST_F(LaunchStartTest, ComparesThePolicysLeastApiVersionWithItsOwn) {
  std::uint32_t handle = 0;
  EXPECT_EQ(start(Policy(0x37010001), handle), kSuccess) << "1.55 is this firmware";
  EXPECT_EQ(start(Policy(0x38010001), handle), kPolicyFailure) << "1.56";
  EXPECT_EQ(start(Policy(0x00020001), handle), kPolicyFailure) << "2.0";
  EXPECT_EQ(start(Policy(0xff000001), handle), kSuccess) << "0.255 is older than 1.55";
}

TEST_F(LaunchStartTest, RefusesEsAloneWhileSnpIsInitialised) {
  core_.set_snp_initialized(true);
  std::uint32_t handle = 0;
  EXPECT_EQ(start(kEsPolicy, handle), kUnsupported);
  EXPECT_EQ(start(Policy(1), handle), kSuccess);
  core_.set_snp_initialized(false);
  EXPECT_EQ(start(kEsPolicy, handle), kSuccess);
}

TEST_F(LaunchStartTest, RefusesEsWhereThePlatformWasInitializedWithout) {
  run(MailboxCommand::kShutdown);
  initialize(0);
  std::uint32_t handle = 0;
  EXPECT_EQ(start(kEsPolicy, handle), kInvalidConfig);
  EXPECT_EQ(start(kSevPolicy, handle), kSuccess);
}

TEST_F(LaunchStartTest, SharesAKeyOnlyWherePolicyAllowsAndEqualsTheOthers) {
  std::uint32_t sharing = 0;
  std::uint32_t closed = 0;
  ASSERT_EQ(start(Policy(0x1), sharing), kSuccess);
  ASSERT_EQ(start(Policy(0x3), closed), kSuccess);
  const auto start_with = [this](std::uint32_t source, std::uint32_t policy) {
    LaunchStartBuffer buffer;
    buffer.handle = source;
    buffer.policy = policy;
    return run(MailboxCommand::kLaunchStart, buffer);
  };
  EXPECT_EQ(start_with(sharing, 0x1), kSuccess);
  EXPECT_EQ(start_with(sharing, 0x0), kPolicyFailure);
  EXPECT_EQ(start_with(closed, 0x3), kPolicyFailure) << "NOKS";
  EXPECT_EQ(start_with(4711, 0x1), kInvalidGuest);
}

TEST_F(LaunchStartTest, EndsWhereThereAreAsManyGuestsAsAsids) {
  std::uint32_t handle = 0;
  for (std::uint32_t i = 0; i < kAsids.max_asid; ++i) {
    ASSERT_EQ(start(kSevPolicy, handle), kSuccess);
  }
  EXPECT_EQ(start(kSevPolicy, handle), kResourceLimit);
}

}  // namespace
}  // namespace virtsev::sevcore
