// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest goes from one simulated host to another through the kernel's interface.
#include <numeric>

#include "sevcore/certificates/simulated_root.hpp"
#include "sevcore/host-check/platform_information.hpp"
#include "tests/sevcore/simulated/simulated_fixture.hpp"

namespace virtsev::sevcore {
namespace {

class SimulatedMigrationTest : public SimulatedKernelTest {
 protected:
  SimulatedMigrationTest() {
    std::iota(memory_.begin(), memory_.end(), std::uint8_t{0});
    EXPECT_EQ(here_->operate(GuestCommand::kInit, nullptr), kOk);
    EXPECT_EQ(there_->operate(GuestCommand::kInit, nullptr), kOk);
    EXPECT_EQ(start(*here_, kPolicy), kOk);
    EXPECT_EQ(measure(*here_), kOk);
    EXPECT_EQ(here_->operate(GuestCommand::kLaunchFinish, nullptr), kOk);
    const Bytes ark = serialise(simulated_ark());
    amd_.insert(amd_.end(), ark.begin(), ark.end());
  }

  static PlatformInformation information_of(SimulatedPlatform& platform) {
    return read_platform(*platform.open_device());
  }
  SendStartArguments send_start_arguments() {
    SendStartArguments arguments;
    arguments.pdh_address = address_of(target_.pdh);
    arguments.pdh_length = static_cast<std::uint32_t>(target_.pdh.size());
    arguments.chain_address = address_of(target_.chain);
    arguments.chain_length = static_cast<std::uint32_t>(target_.chain.size());
    arguments.amd_address = address_of(amd_);
    arguments.amd_length = static_cast<std::uint32_t>(amd_.size());
    arguments.session_address = address_of(session_);
    arguments.session_length = kSessionSize;
    return arguments;
  }
  Outcome receive_start() {
    const Bytes sender = information_of(*platform_).pdh;
    LaunchStartArguments arguments;
    arguments.policy = kPolicy.value();
    arguments.dh_address = address_of(sender);
    arguments.dh_length = kCertificateSize;
    arguments.session_address = address_of(session_);
    arguments.session_length = kSessionSize;
    return there_->operate(GuestCommand::kReceiveStart, &arguments);
  }
  PacketArguments packet_arguments(MutableBytes guest) {
    PacketArguments arguments;
    arguments.header_address = address_of(header_);
    arguments.header_length = kPacketHeaderSize;
    arguments.guest_address = address_of(guest);
    arguments.guest_length = static_cast<std::uint32_t>(guest.size());
    arguments.transport_address = address_of(transport_);
    arguments.transport_length = static_cast<std::uint32_t>(guest.size());
    return arguments;
  }

  static constexpr Policy kPolicy{0x21};  ///< NODBG, SEV
  PlatformDirectory other_directory_;
  std::unique_ptr<SimulatedPlatform> other_ = other_directory_.platform();
  std::unique_ptr<SevVm> here_ = make_vm(KvmVmType::kDefault);
  std::unique_ptr<SevVm> there_ = other_->make_vm(KvmVmType::kDefault, {});
  PlatformInformation target_ = information_of(*other_);
  Bytes amd_ = serialise(simulated_ask());
  ByteArray<128> session_{};
  ByteArray<52> header_{};
  ByteArray<kPageSize> transport_{};
  alignas(kPageSize) ByteArray<2 * kPageSize> arrived_{};
};

TEST_F(SimulatedMigrationTest, ReproducesMemoryOnTheOtherHost) {
  SendStartArguments arguments = send_start_arguments();
  ASSERT_EQ(here_->operate(GuestCommand::kSendStart, &arguments), kOk);
  EXPECT_EQ(arguments.policy, kPolicy.value());
  EXPECT_EQ(state_of(*here_), GuestState::kSendUpdate);
  ASSERT_EQ(receive_start(), kOk);
  for (std::size_t at = 0; at < memory_.size(); at += kPageSize) {
    PacketArguments out = packet_arguments(MutableBytes(memory_).subspan(at, kPageSize));
    ASSERT_EQ(here_->operate(GuestCommand::kSendUpdateData, &out), kOk);
    PacketArguments in = packet_arguments(MutableBytes(arrived_).subspan(at, kPageSize));
    transport_[7] ^= 1;
    EXPECT_EQ(there_->operate(GuestCommand::kReceiveUpdateData, &in),
              firmware(FirmwareStatus::kBadMeasurement));
    transport_[7] ^= 1;
    ASSERT_EQ(there_->operate(GuestCommand::kReceiveUpdateData, &in), kOk);
  }
  ASSERT_EQ(here_->operate(GuestCommand::kSendFinish, nullptr), kOk);
  ASSERT_EQ(there_->operate(GuestCommand::kReceiveFinish, nullptr), kOk);
  EXPECT_EQ(arrived_, memory_);
  EXPECT_EQ(state_of(*here_), GuestState::kSent);
  EXPECT_EQ(state_of(*there_), GuestState::kRunning);
}

TEST_F(SimulatedMigrationTest, AnswersLengthQueriesAsLinuxDoes) {
  SendStartArguments query;
  EXPECT_EQ(here_->operate(GuestCommand::kSendStart, &query), firmware(FirmwareStatus::kInvalidLength));
  EXPECT_EQ(query.session_length, 128U);
  SendStartArguments arguments = send_start_arguments();
  arguments.session_length = 127;
  EXPECT_EQ(here_->operate(GuestCommand::kSendStart, &arguments), firmware(FirmwareStatus::kInvalidLength));
  ASSERT_EQ(arguments.session_length, 128U);
  ASSERT_EQ(here_->operate(GuestCommand::kSendStart, &arguments), kOk);
  for (const bool header : {true, false}) {
    PacketArguments lengths = packet_arguments(MutableBytes(memory_).first(16));
    (header ? lengths.header_length : lengths.transport_length) = 0;
    EXPECT_EQ(here_->operate(GuestCommand::kSendUpdateData, &lengths),
              firmware(FirmwareStatus::kInvalidLength));
    EXPECT_EQ(lengths.header_length, 52U);
    EXPECT_EQ(lengths.transport_length, 4096U);
  }
}

TEST_F(SimulatedMigrationTest, GoesOnAfterACancel) {
  SendStartArguments arguments = send_start_arguments();
  ASSERT_EQ(here_->operate(GuestCommand::kSendStart, &arguments), kOk);
  ASSERT_EQ(here_->operate(GuestCommand::kSendCancel, nullptr), kOk);
  EXPECT_EQ(state_of(*here_), GuestState::kRunning);
  EXPECT_EQ(here_->operate(GuestCommand::kSendCancel, nullptr), firmware(FirmwareStatus::kInvalidGuestState));
}

TEST_F(SimulatedMigrationTest, RefusesParametersThatLinuxRefuses) {
  for (const auto command : {GuestCommand::kSendStart, GuestCommand::kSendUpdateData,
                             GuestCommand::kReceiveStart, GuestCommand::kReceiveUpdateData}) {
    EXPECT_EQ(here_->operate(command, nullptr), kernel(EFAULT)) << static_cast<int>(command);
  }
  SendStartArguments no_chain = send_start_arguments();
  no_chain.chain_address = 0;
  EXPECT_EQ(here_->operate(GuestCommand::kSendStart, &no_chain), kernel(EINVAL));
  LaunchStartArguments no_session;
  EXPECT_EQ(there_->operate(GuestCommand::kReceiveStart, &no_session), kernel(EINVAL));
  PacketArguments across = packet_arguments(MutableBytes(memory_).subspan(4080, 32));
  EXPECT_EQ(here_->operate(GuestCommand::kSendUpdateData, &across), kernel(EINVAL));
  EXPECT_EQ(there_->operate(GuestCommand::kReceiveUpdateData, &across), kernel(EINVAL));
  PacketArguments nowhere = packet_arguments(MutableBytes(memory_).first(16));
  nowhere.guest_address = 0;
  EXPECT_EQ(here_->operate(GuestCommand::kSendUpdateData, &nowhere), kernel(EINVAL));
  EXPECT_EQ(there_->operate(GuestCommand::kReceiveUpdateData, &nowhere), kernel(EINVAL));
}

TEST_F(SimulatedMigrationTest, RefusesASessionThatWasChanged) {
  SendStartArguments arguments = send_start_arguments();
  ASSERT_EQ(here_->operate(GuestCommand::kSendStart, &arguments), kOk);
  session_[20] ^= 1;
  EXPECT_EQ(receive_start(), firmware(FirmwareStatus::kBadMeasurement));
  session_[20] ^= 1;
  EXPECT_EQ(receive_start(), kOk);
}

}  // namespace
}  // namespace virtsev::sevcore
