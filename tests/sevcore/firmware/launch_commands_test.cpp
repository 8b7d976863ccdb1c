// SPDX-License-Identifier: LGPL-2.1-or-later
// From LAUNCH_UPDATE_DATA to LAUNCH_FINISH: digest, measurement, secrets, parameters.
#include <numeric>

#include "tests/sevcore/firmware/firmware_fixture.hpp"

namespace virtsev::sevcore {
namespace {

using enum FirmwareStatus;

class LaunchCommandsTest : public FirmwareTest {
 protected:
  LaunchCommandsTest() : session_(make_session(core_.identity().certificates.pdh, kEsPolicy)) {
    EXPECT_EQ(start(serialise(session_.godh), session_.blob, kEsPolicy, handle_), kSuccess);
    EXPECT_EQ(activate(handle_, kEsAsid), kSuccess);
  }

  [[nodiscard]] bool measurement_fits(const ByteArray<32>& digest) const {
    return verify_measurement(session_.keys.tik, {kFirmwareVersion, kEsPolicy, digest},
                              *parse_measurement(measurement_))
        .matches;
  }
  [[nodiscard]] SecretPacket secret(ByteView plain) const {
    return pack_secret(session_.keys, *parse_measurement(measurement_), plain);
  }

  OwnerSession session_;
  std::uint32_t handle_ = 0;
};

TEST_F(LaunchCommandsTest, MeasuresAllDataAndVmsasAsOneStreamInTheOrderOfTheCommands) {
  alignas(16) ByteArray<160 * 1024> data;  // More than one piece
  std::iota(data.begin(), data.end(), std::uint8_t{1});
  page_.fill(0x77);
  const MutableBytes all(data);
  ASSERT_EQ(update(handle_, all.first(65536 + 16)), kSuccess);
  ASSERT_EQ(update_vmsa(handle_), kSuccess);
  ASSERT_EQ(update(handle_, all.subspan(65536 + 16)), kSuccess);
  ASSERT_EQ(measure(handle_), kSuccess);

  crypto::Sha256 expected;
  expected.update(all.first(65536 + 16));
  expected.update(page_);
  expected.update(all.subspan(65536 + 16));
  EXPECT_TRUE(measurement_fits(expected.digest()));

  data[data.size() - 1] ^= 1;
  crypto::Sha256 other;
  other.update(all.first(65536 + 16));
  other.update(page_);
  other.update(all.subspan(65536 + 16));
  EXPECT_FALSE(measurement_fits(other.digest()));
}

TEST_F(LaunchCommandsTest, LeavesTheDigestAloneWhereACommandFails) {
  ASSERT_EQ(update(handle_, page_), kSuccess);
  GuestRangeBuffer nowhere{handle_, 0, 0, 4096};
  EXPECT_EQ(run(MailboxCommand::kLaunchUpdateData, nowhere), kInvalidAddress);
  ASSERT_EQ(measure(handle_), kSuccess);
  EXPECT_TRUE(measurement_fits(crypto::sha256(page_)));
}

TEST_F(LaunchCommandsTest, TakesDataInUnitsOf16BytesAlone) {
  const auto give = [this](std::uint64_t address, std::uint32_t length) {
    GuestRangeBuffer buffer{handle_, 0, address, length};
    return run(MailboxCommand::kLaunchUpdateData, buffer);
  };
  EXPECT_EQ(give(address_of(page_) + 8, 16), kInvalidAddress);
  EXPECT_EQ(give(address_of(page_), 8), kInvalidLength);
  EXPECT_EQ(give(address_of(page_), 0), kInvalidLength);
  EXPECT_EQ(give(address_of(page_) + 16, 16), kSuccess);
}

TEST_F(LaunchCommandsTest, TakesAVmsaAsAWholePageAlone) {
  GuestRangeBuffer half{handle_, 0, address_of(page_), 2048};
  EXPECT_EQ(run(MailboxCommand::kLaunchUpdateVmsa, half), kInvalidLength);
  GuestRangeBuffer shifted{handle_, 0, address_of(page_) + 16, 4096};
  EXPECT_EQ(run(MailboxCommand::kLaunchUpdateVmsa, shifted), kInvalidAddress);
}

TEST_F(LaunchCommandsTest, RefusesAVmsaOfAGuestWithoutEs) {
  std::uint32_t handle = 0;
  ASSERT_EQ(start(kSevPolicy, handle), kSuccess);
  ASSERT_EQ(activate(handle, kSevAsid), kSuccess);
  EXPECT_EQ(update_vmsa(handle), kPolicyFailure);
}

TEST_F(LaunchCommandsTest, SaysHowLongAMeasurementIsAndStaysInItsState) {
  for (const std::uint32_t length : {0U, 1U, 47U}) {
    GuestRangeBuffer buffer{handle_, 0, address_of(measurement_), length};
    EXPECT_EQ(run(MailboxCommand::kLaunchMeasure, buffer), kInvalidLength);
    EXPECT_EQ(buffer.length, 48U);
  }
  EXPECT_EQ(state_of(handle_), GuestState::kLaunchUpdate);
  EXPECT_EQ(measure(handle_), kSuccess);
}

TEST_F(LaunchCommandsTest, MakesAFreshNonceForEveryMeasurement) {
  ASSERT_EQ(measure(handle_), kSuccess);
  const auto first = measurement_;
  run(MailboxCommand::kShutdown);
  initialize();
  ASSERT_EQ(start(serialise(session_.godh), session_.blob, kEsPolicy, handle_), kSuccess);
  ASSERT_EQ(measure(handle_), kSuccess);
  EXPECT_NE(first, measurement_);
}

TEST_F(LaunchCommandsTest, WritesTheSecretAsPlainTextIntoTheGuest) {
  ASSERT_EQ(measure(handle_), kSuccess);
  const Bytes plain(64, 0x42);
  ASSERT_EQ(inject(handle_, secret(plain)), kSuccess);
  EXPECT_TRUE(std::equal(plain.begin(), plain.end(), secret_.begin()));
  EXPECT_EQ(secret_[64], 0);
  EXPECT_EQ(state_of(handle_), GuestState::kLaunchSecret) << "more secrets may follow";
  EXPECT_EQ(inject(handle_, secret(plain)), kSuccess);
}

TEST_F(LaunchCommandsTest, RefusesASecretWithAnyByteChangedAndLeavesTheGuestAsItWas) {
  ASSERT_EQ(measure(handle_), kSuccess);
  const SecretPacket good = secret(Bytes(32, 0x42));
  const auto expect_refused = [this](const SecretPacket& packet, std::size_t i) {
    EXPECT_EQ(inject(handle_, packet), kBadMeasurement) << "byte " << i;
    EXPECT_EQ(secret_, (ByteArray<256>{}));
    EXPECT_EQ(state_of(handle_), GuestState::kLaunchSecret);
  };
  for (std::size_t i = 0; i < good.header.size(); ++i) {
    SecretPacket packet = good;
    packet.header[i] ^= 1;
    expect_refused(packet, i);
  }
  for (std::size_t i = 0; i < good.data.size(); ++i) {
    SecretPacket packet = good;
    packet.data[i] ^= 1;
    expect_refused(packet, i);
  }
  EXPECT_EQ(inject(handle_, good), kSuccess);
}

TEST_F(LaunchCommandsTest, RefusesASecretForAnotherLaunch) {
  ASSERT_EQ(measure(handle_), kSuccess);
  Measurement other = *parse_measurement(measurement_);
  other.measure[0] ^= 1;
  EXPECT_EQ(inject(handle_, pack_secret(session_.keys, other, Bytes(16, 1))), kBadMeasurement);
  TransportKeys keys = session_.keys;
  keys.tik[0] ^= 1;
  EXPECT_EQ(inject(handle_, pack_secret(keys, *parse_measurement(measurement_), Bytes(16, 1))),
            kBadMeasurement);
}

TEST_F(LaunchCommandsTest, RefusesSecretsOfWrongSizesAndPlaces) {
  ASSERT_EQ(measure(handle_), kSuccess);
  const SecretPacket packet = secret(Bytes(32, 0x42));
  const auto give = [&](auto change) {
    PacketBuffer buffer;
    buffer.handle = handle_;
    buffer.header_address = reinterpret_cast<std::uintptr_t>(packet.header.data());
    buffer.header_length = kPacketHeaderSize;
    buffer.guest_address = address_of(secret_);
    buffer.guest_length = 32;
    buffer.transport_address = reinterpret_cast<std::uintptr_t>(packet.data.data());
    buffer.transport_length = 32;
    change(buffer);
    return run(MailboxCommand::kLaunchUpdateSecret, buffer);
  };
  EXPECT_EQ(give([](auto& b) { b.header_length = 51; }), kInvalidLength);
  EXPECT_EQ(give([](auto& b) { b.guest_length = 16; }), kInvalidLength);
  EXPECT_EQ(give([](auto& b) { b.guest_length = b.transport_length = 0; }), kInvalidLength);
  EXPECT_EQ(give([](auto& b) { b.guest_length = b.transport_length = 24; }), kInvalidLength);
  EXPECT_EQ(give([](auto& b) { b.guest_length = b.transport_length = 16400; }), kInvalidLength);
  EXPECT_EQ(give([](auto& b) { b.guest_address += 8; }), kInvalidAddress);
  EXPECT_EQ(give([](auto& b) { b.header_address = 0; }), kInvalidAddress);
  EXPECT_EQ(give([](auto& b) { b.reserved2 = 1; }), kInvalidParameter);
  EXPECT_EQ(give([](auto&) {}), kSuccess);
}

}  // namespace
}  // namespace virtsev::sevcore
