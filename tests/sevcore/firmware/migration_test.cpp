// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest goes from one platform to another: all of it arrives, and nothing that was changed on the way does.
#include <numeric>

#include "sevcore/abi/attestation_report.hpp"
#include "tests/sevcore/firmware/migration_fixture.hpp"

namespace virtsev::sevcore {
namespace {

using enum FirmwareStatus;
using enum MailboxCommand;

class SendAndReceiveTest : public MigrationTest {
 protected:
  SendAndReceiveTest() {
    std::iota(memory_here_.begin(), memory_here_.end(), std::uint8_t{1});
    std::iota(vmsas_here_.begin(), vmsas_here_.end(), std::uint8_t{101});
    source_ = running(kOpenPolicy);
  }
  /// The session stands on both sides.
  void open() {
    ASSERT_EQ(send_start(source_, target_.identity().certificates), kSuccess);
    ASSERT_EQ(receive_start(kOpenPolicy, arriving_), kSuccess);
  }

  std::uint32_t source_ = 0;
  std::uint32_t arriving_ = 0;
  alignas(kPageSize) ByteArray<4 * kPageSize> memory_here_{};
  alignas(kPageSize) ByteArray<4 * kPageSize> memory_there_{};
  alignas(kPageSize) ByteArray<2 * kPageSize> vmsas_here_{};
  alignas(kPageSize) ByteArray<2 * kPageSize> vmsas_there_{};
};

TEST_F(SendAndReceiveTest, ReproducesMemoryAndVmsasExactly) {
  open();
  for (std::size_t at = 0; at < memory_here_.size(); at += kPageSize) {
    Packet packet;
    const auto from = MutableBytes(memory_here_).subspan(at, kPageSize);
    ASSERT_EQ(send(kSendUpdateData, source_, from, packet), kSuccess);
    EXPECT_FALSE(std::equal(from.begin(), from.end(), packet.data.begin())) << "it travels encrypted";
    ASSERT_EQ(
        receive(kReceiveUpdateData, arriving_, MutableBytes(memory_there_).subspan(at, kPageSize), packet),
        kSuccess);
  }
  for (std::size_t at = 0; at < vmsas_here_.size(); at += kPageSize) {
    Packet packet;
    ASSERT_EQ(send(kSendUpdateVmsa, source_, MutableBytes(vmsas_here_).subspan(at, kPageSize), packet),
              kSuccess);
    ASSERT_EQ(
        receive(kReceiveUpdateVmsa, arriving_, MutableBytes(vmsas_there_).subspan(at, kPageSize), packet),
        kSuccess);
  }
  ASSERT_EQ(run_on(kSendFinish, source_), kSuccess);
  ASSERT_EQ(end_at(target_, kReceiveFinish, arriving_), kSuccess);
  EXPECT_EQ(memory_there_, memory_here_);
  EXPECT_EQ(vmsas_there_, vmsas_here_);
  EXPECT_EQ(state_of(source_), GuestState::kSent);
  EXPECT_EQ(state_at(target_, arriving_), GuestState::kRunning);
}

TEST_F(SendAndReceiveTest, RefusesASessionWithAnyByteChanged) {
  ASSERT_EQ(send_start(source_, target_.identity().certificates), kSuccess);
  const auto pdh = serialise(core_.identity().certificates.pdh);
  for (std::size_t i = 0; i < session_blob_.size(); ++i) {
    auto changed = session_blob_;
    changed[i] ^= 0x01;
    EXPECT_EQ(receive_start(target_, kOpenPolicy, pdh, changed, arriving_, kEsAsid), kBadMeasurement)
        << "byte " << i;
  }
  EXPECT_EQ(receive_start(kOpenPolicy, arriving_), kSuccess);
}

TEST_F(SendAndReceiveTest, RefusesASenderWhosePdhHasAnyByteOfItsKeyChanged) {
  ASSERT_EQ(send_start(source_, target_.identity().certificates), kSuccess);
  for (std::size_t i = 0; i < SevCertificate::kSignedSize; ++i) {
    if (i == 4 || i == 5 || i == 13) {
      continue;  // The API version and ECDH's hash mean nothing to the receiver
    }
    auto pdh = serialise(core_.identity().certificates.pdh);
    pdh[i] ^= 0x01;
    EXPECT_EQ(receive_start(target_, kOpenPolicy, pdh, session_blob_, arriving_, kEsAsid),
              kInvalidCertificate)
        << "byte " << i;
  }
}

TEST_F(SendAndReceiveTest, RefusesAnotherPolicyAnotherSenderAndAGuestWithoutSession) {
  ASSERT_EQ(send_start(source_, target_.identity().certificates), kSuccess);
  EXPECT_EQ(receive_start(Policy(0x5), arriving_), kBadMeasurement) << "NODBG added";
  EXPECT_EQ(receive_start(target_, kOpenPolicy, serialise(target_.identity().certificates.pdh), session_blob_,
                          arriving_, kEsAsid),
            kBadMeasurement);
  EXPECT_EQ(receive_start(target_, kOpenPolicy, {}, {}, arriving_, kEsAsid), kInvalidLength);
  LaunchStartBuffer null;
  null.policy = kOpenPolicy.value();
  null.dh_length = kCertificateSize;
  null.session_length = kSessionSize;
  EXPECT_EQ(run_at(target_, kReceiveStart, null), kInvalidAddress);
}

TEST_F(SendAndReceiveTest, RefusesAPacketWithAnyByteChangedAndLeavesTheGuestAsItWas) {
  open();
  struct Way {
    MailboxCommand out;
    MailboxCommand in;
  };
  for (const auto& [out, in] :
       {Way{kSendUpdateData, kReceiveUpdateData}, Way{kSendUpdateVmsa, kReceiveUpdateVmsa}}) {
    Packet good;
    const auto from = MutableBytes(memory_here_).first(kPageSize);
    const auto to = MutableBytes(memory_there_).first(kPageSize);
    ASSERT_EQ(send(out, source_, from, good), kSuccess);
    for (std::size_t i = 0; i < good.header.size(); ++i) {
      Packet changed = good;
      changed.header[i] ^= 0x01;
      EXPECT_EQ(receive(in, arriving_, to, changed), kBadMeasurement) << "byte " << i << " of the header";
    }
    for (std::size_t i = 0; i < good.data.size(); ++i) {
      Packet changed = good;
      changed.data[i] ^= 0x01;
      EXPECT_EQ(receive(in, arriving_, to, changed), kBadMeasurement) << "byte " << i << " of the data";
    }
    EXPECT_EQ(memory_there_, (ByteArray<4 * kPageSize>{}));
    EXPECT_EQ(receive(in, arriving_, to, good), kSuccess);
    memory_there_.fill(0);
  }
}

TEST_F(SendAndReceiveTest, TakesMemoryForNoVmsaAndNoVmsaForMemory) {
  open();
  const auto from = MutableBytes(memory_here_).first(kPageSize);
  const auto to = MutableBytes(memory_there_).first(kPageSize);
  Packet memory;
  Packet vmsa;
  ASSERT_EQ(send(kSendUpdateData, source_, from, memory), kSuccess);
  ASSERT_EQ(send(kSendUpdateVmsa, source_, from, vmsa), kSuccess);
  EXPECT_EQ(receive(kReceiveUpdateVmsa, arriving_, to, memory), kBadMeasurement);
  EXPECT_EQ(receive(kReceiveUpdateData, arriving_, to, vmsa), kBadMeasurement);
}

TEST_F(SendAndReceiveTest, RunsOnAfterACancelAndItsPacketsAreWorthNothingInANewSession) {
  open();
  Packet old;
  const auto page = MutableBytes(memory_here_).first(kPageSize);
  ASSERT_EQ(send(kSendUpdateData, source_, page, old), kSuccess);
  ASSERT_EQ(run_on(kSendCancel, source_), kSuccess);
  EXPECT_EQ(state_of(source_), GuestState::kRunning);
  ASSERT_EQ(end_at(target_, kDeactivate, arriving_), kSuccess);
  ASSERT_EQ(end_at(target_, kDecommission, arriving_), kSuccess);
  ASSERT_EQ(target_.submit(kDfFlush, {}), kSuccess);
  open();
  EXPECT_EQ(receive(kReceiveUpdateData, arriving_, page, old), kBadMeasurement);
}

TEST_F(SendAndReceiveTest, SaysHowLongSessionHeaderAndDataAre) {
  SendStartBuffer start;
  start.handle = source_;
  EXPECT_EQ(run(kSendStart, start), kInvalidLength);
  const std::uint32_t session_length = start.session_length;
  EXPECT_EQ(session_length, 128U);
  EXPECT_EQ(state_of(source_), GuestState::kRunning);
  open();
  for (const auto command : {kSendUpdateData, kSendUpdateVmsa}) {
    PacketBuffer query;
    query.handle = source_;
    EXPECT_EQ(run(command, query), kInvalidLength);
    const std::uint32_t header_length = query.header_length;
    const std::uint32_t transport_length = query.transport_length;
    EXPECT_EQ(header_length, 52U);
    EXPECT_EQ(transport_length, 4096U);
  }
}

TEST_F(SendAndReceiveTest, ChecksLengthsAndPlacesOfPackets) {
  open();
  Packet packet;
  const MutableBytes memory(memory_here_);
  EXPECT_EQ(send(kSendUpdateData, source_, memory.subspan(8, 16), packet), kInvalidAddress);
  EXPECT_EQ(send(kSendUpdateData, source_, memory.first(24), packet), kInvalidLength);
  EXPECT_EQ(send(kSendUpdateVmsa, source_, memory.first(2048), packet), kInvalidLength);
  EXPECT_EQ(send(kSendUpdateVmsa, source_, memory.subspan(16, kPageSize), packet), kInvalidAddress);
  ASSERT_EQ(send(kSendUpdateData, source_, memory.first(32), packet), kSuccess);
  EXPECT_EQ(receive(kReceiveUpdateData, arriving_, memory.first(16), packet), kInvalidLength);
  EXPECT_EQ(receive(kReceiveUpdateData, arriving_, memory.subspan(8, 32), packet), kInvalidAddress);
  EXPECT_EQ(receive(kReceiveUpdateVmsa, arriving_, memory.first(32), packet), kInvalidLength);
}

TEST_F(SendAndReceiveTest, ReportsNoDigestOfAGuestThatWasMeasuredElsewhere) {
  open();
  ASSERT_EQ(end_at(target_, kReceiveFinish, arriving_), kSuccess);
  ByteArray<208> bytes{};
  AttestationBuffer buffer;
  buffer.handle = arriving_;
  buffer.address = address_of(bytes);
  buffer.length = 208;
  ASSERT_EQ(run_at(target_, kAttestation, buffer), kSuccess);
  EXPECT_EQ(parse_attestation_report(bytes)->launch_digest, (ByteArray<32>{}));
}

TEST_F(SendAndReceiveTest, RefusesVmsasOfAGuestWithoutEs) {
  const std::uint32_t plain = running(Policy(0));
  ASSERT_EQ(send_start(plain, target_.identity().certificates), kSuccess);
  ASSERT_EQ(receive_start(Policy(0), arriving_), kSuccess);
  Packet packet;
  const auto page = MutableBytes(memory_here_).first(kPageSize);
  EXPECT_EQ(send(kSendUpdateVmsa, plain, page, packet), kPolicyFailure);
  EXPECT_EQ(receive(kReceiveUpdateVmsa, arriving_, page, packet), kPolicyFailure);
}

}  // namespace
}  // namespace virtsev::sevcore
