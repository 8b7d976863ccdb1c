// SPDX-License-Identifier: LGPL-2.1-or-later
// What the simulated kernel answers to a virtual machine: errnos, length queries, what is written back.
#include "tests/sevcore/simulated/simulated_fixture.hpp"

namespace virtsev::sevcore {
namespace {

class SimulatedVmTest : public SimulatedKernelTest {
 protected:
  /// A SEV guest after LAUNCH_START.
  std::unique_ptr<SevVm> launched() {
    auto vm = make_vm(KvmVmType::kDefault);
    EXPECT_EQ(vm->operate(GuestCommand::kInit, nullptr), kOk);
    EXPECT_EQ(start(*vm, kSevPolicy), kOk);
    return vm;
  }
};

TEST_F(SimulatedVmTest, AnswersEnottyToEveryCommandBeforeInit) {
  const auto vm = make_vm(KvmVmType::kDefault);
  for (const auto command :
       {GuestCommand::kLaunchStart, GuestCommand::kLaunchUpdateData, GuestCommand::kLaunchUpdateVmsa,
        GuestCommand::kLaunchSecret, GuestCommand::kLaunchMeasure, GuestCommand::kLaunchFinish,
        GuestCommand::kGuestStatus, GuestCommand::kSendStart, GuestCommand::kReceiveStart,
        GuestCommand::kDebugDecrypt, GuestCommand::kDebugEncrypt, GuestCommand::kAttestationReport,
        GuestCommand::kSendCancel}) {
    EXPECT_EQ(vm->operate(command, nullptr), kernel(ENOTTY)) << static_cast<int>(command);
  }
  EXPECT_EQ(vm->operate(GuestCommand::kReceiveUpdateData, nullptr), kernel(EINVAL));
  EXPECT_EQ(vm->register_memory(memory_.data(), memory_.size()), kernel(ENOTTY));
  EXPECT_EQ(vm->unregister_memory(memory_.data(), memory_.size()), kernel(ENOTTY));
}

TEST_F(SimulatedVmTest, AnswersEinvalToWhatLinuxDoesNotHave) {
  const auto vm = launched();
  EXPECT_EQ(vm->operate(GuestCommand::kSendUpdateVmsa, nullptr), kernel(EINVAL));
  EXPECT_EQ(vm->operate(GuestCommand::kReceiveUpdateVmsa, nullptr), kernel(EINVAL));
  EXPECT_EQ(vm->operate(GuestCommand::kCertExport, nullptr), kernel(EINVAL));
  EXPECT_EQ(vm->operate(static_cast<GuestCommand>(23), nullptr), kernel(EINVAL));
}

TEST_F(SimulatedVmTest, InitialisesOnceAndInTheWayOfItsType) {
  Init2Arguments init2;
  const auto legacy = make_vm(KvmVmType::kDefault);
  EXPECT_EQ(legacy->operate(GuestCommand::kInit2, &init2), kernel(EINVAL));
  EXPECT_EQ(legacy->operate(GuestCommand::kInit, nullptr), kOk);
  EXPECT_EQ(legacy->operate(GuestCommand::kInit, nullptr), kernel(EBUSY));
  EXPECT_EQ(legacy->operate(GuestCommand::kEsInit, nullptr), kernel(EBUSY));

  const auto modern = make_vm(KvmVmType::kSev);
  EXPECT_EQ(modern->operate(GuestCommand::kInit, nullptr), kernel(EINVAL));
  EXPECT_EQ(modern->operate(GuestCommand::kInit2, nullptr), kernel(EFAULT));
  EXPECT_EQ(modern->operate(GuestCommand::kInit2, &init2), kOk);
  EXPECT_EQ(modern->operate(GuestCommand::kInit2, &init2), kernel(EINVAL));
}

TEST_F(SimulatedVmTest, ChecksTheParametersOfInit2) {
  const auto init = [this](KvmVmType type, std::uint64_t features, std::uint32_t flags, std::uint16_t ghcb) {
    Init2Arguments arguments;
    arguments.vmsa_features = features;
    arguments.flags = flags;
    arguments.ghcb_version = ghcb;
    return make_vm(type)->operate(GuestCommand::kInit2, &arguments);
  };
  EXPECT_EQ(init(KvmVmType::kSevEs, 0, 0, 2), kOk);
  EXPECT_EQ(init(KvmVmType::kSevEs, 0, 0, 3), kernel(EINVAL));
  EXPECT_EQ(init(KvmVmType::kSev, 0, 0, 1), kernel(EINVAL));
  EXPECT_EQ(init(KvmVmType::kSevEs, 1, 0, 0), kernel(EINVAL));
  EXPECT_EQ(init(KvmVmType::kSevEs, 0, 1, 0), kernel(EINVAL));
}

TEST_F(SimulatedVmTest, RefusesAPolicyOfTheOtherKindAndForgetsThatGuest) {
  const auto vm = make_vm(KvmVmType::kDefault);
  ASSERT_EQ(vm->operate(GuestCommand::kInit, nullptr), kOk);
  EXPECT_EQ(start(*vm, kEsPolicy), firmware(FirmwareStatus::kInvalidAsid));
  EXPECT_EQ(start(*vm, kSevPolicy), kOk);
}

TEST_F(SimulatedVmTest, RefusesASecondLaunch) {
  const auto vm = launched();
  EXPECT_EQ(start(*vm, kSevPolicy), firmware(FirmwareStatus::kAsidOwned));
  EXPECT_EQ(state_of(*vm), GuestState::kLaunchUpdate);
}

TEST_F(SimulatedVmTest, AnswersWrongOrderWithTheFirmwaresStatus) {
  const auto vm = make_vm(KvmVmType::kDefault);
  ASSERT_EQ(vm->operate(GuestCommand::kInit, nullptr), kOk);
  EXPECT_EQ(update(*vm, memory_), firmware(FirmwareStatus::kInvalidGuest));
  ASSERT_EQ(start(*vm, kSevPolicy), kOk);
  EXPECT_EQ(vm->operate(GuestCommand::kLaunchFinish, nullptr), firmware(FirmwareStatus::kInvalidGuestState));
  ASSERT_EQ(measure(*vm), kOk);
  EXPECT_EQ(measure(*vm), firmware(FirmwareStatus::kInvalidGuestState));
  EXPECT_EQ(update(*vm, memory_), firmware(FirmwareStatus::kInvalidGuestState));
  ASSERT_EQ(vm->operate(GuestCommand::kLaunchFinish, nullptr), kOk);
  EXPECT_EQ(vm->operate(GuestCommand::kLaunchFinish, nullptr), firmware(FirmwareStatus::kInvalidGuestState));
}

TEST_F(SimulatedVmTest, ChecksBlobsBeforeTheFirmwareSeesThem) {
  const auto vm = make_vm(KvmVmType::kDefault);
  ASSERT_EQ(vm->operate(GuestCommand::kInit, nullptr), kOk);
  Bytes blob(kMaxBlobSize + 1);
  LaunchStartArguments arguments;
  arguments.policy = 1;
  arguments.dh_address = address_of(blob);
  arguments.dh_length = 0;
  EXPECT_EQ(vm->operate(GuestCommand::kLaunchStart, &arguments), kernel(EINVAL));
  arguments.dh_length = kMaxBlobSize + 1;
  EXPECT_EQ(vm->operate(GuestCommand::kLaunchStart, &arguments), kernel(EINVAL));
  arguments.dh_length = kCertificateSize;
  arguments.session_address = address_of(blob);
  EXPECT_EQ(vm->operate(GuestCommand::kLaunchStart, &arguments), kernel(EINVAL));
  arguments.session_length = kSessionSize;
  EXPECT_EQ(vm->operate(GuestCommand::kLaunchStart, &arguments),
            firmware(FirmwareStatus::kInvalidCertificate));
  EXPECT_EQ(vm->operate(GuestCommand::kLaunchStart, nullptr), kernel(EFAULT));
}

TEST_F(SimulatedVmTest, WritesTheHandleBack) {
  const auto vm = make_vm(KvmVmType::kDefault);
  ASSERT_EQ(vm->operate(GuestCommand::kInit, nullptr), kOk);
  LaunchStartArguments start_arguments;
  start_arguments.policy = 1;
  ASSERT_EQ(vm->operate(GuestCommand::kLaunchStart, &start_arguments), kOk);
  GuestStatusArguments status;
  ASSERT_EQ(vm->operate(GuestCommand::kGuestStatus, &status), kOk);
  EXPECT_EQ(status.handle, start_arguments.handle);
  EXPECT_EQ(status.policy, 1U);
  EXPECT_EQ(vm->operate(GuestCommand::kGuestStatus, nullptr), kernel(EFAULT));
}

TEST_F(SimulatedVmTest, TellsTheMeasurementsLengthOnlyWhereItIsAskedFor) {
  const auto vm = launched();
  LaunchMeasureArguments query;
  EXPECT_EQ(vm->operate(GuestCommand::kLaunchMeasure, &query), firmware(FirmwareStatus::kInvalidLength));
  EXPECT_EQ(query.length, 48U);

  LaunchMeasureArguments too_short{address_of(measurement_), 20};
  EXPECT_EQ(vm->operate(GuestCommand::kLaunchMeasure, &too_short), firmware(FirmwareStatus::kInvalidLength));
  EXPECT_EQ(too_short.length, 20U) << "Linux does not write it back here";

  LaunchMeasureArguments nowhere{0, 48};
  EXPECT_EQ(vm->operate(GuestCommand::kLaunchMeasure, &nowhere), firmware(FirmwareStatus::kInvalidLength));
  EXPECT_EQ(nowhere.length, 48U);

  LaunchMeasureArguments too_long{address_of(measurement_), kMaxBlobSize + 1};
  EXPECT_EQ(vm->operate(GuestCommand::kLaunchMeasure, &too_long), kernel(EINVAL));

  Bytes room(100, 0xee);
  LaunchMeasureArguments good{address_of(room), 100};
  EXPECT_EQ(vm->operate(GuestCommand::kLaunchMeasure, &good), kOk);
  EXPECT_EQ(good.length, 48U);
  EXPECT_EQ(room[48], 0xee) << "nothing is written after the measurement";
}

TEST_F(SimulatedVmTest, LetsTheFirmwareCheckAlignment) {
  const auto vm = launched();
  EXPECT_EQ(update(*vm, MutableBytes(memory_).subspan(8, 16)), firmware(FirmwareStatus::kInvalidAddress));
  EXPECT_EQ(update(*vm, MutableBytes(memory_).first(8)), firmware(FirmwareStatus::kInvalidLength));
  EXPECT_EQ(update(*vm, MutableBytes(memory_).first(0)), kernel(EINVAL));
  LaunchUpdateDataArguments wrapping{~std::uint64_t{15}, 4096};
  EXPECT_EQ(vm->operate(GuestCommand::kLaunchUpdateData, &wrapping), kernel(EINVAL));
  EXPECT_EQ(vm->operate(GuestCommand::kLaunchUpdateData, nullptr), kernel(EFAULT));
}

TEST_F(SimulatedVmTest, TakesASecretWithinOnePageAlone) {
  const auto vm = launched();
  ASSERT_EQ(measure(*vm), kOk);
  const SecretPacket packet =
      pack_secret(TransportKeys::generate(), *parse_measurement(measurement_), Bytes(32, 1));
  EXPECT_EQ(inject(*vm, packet, MutableBytes(memory_).subspan(kPageSize - 16)), kernel(EINVAL));
  EXPECT_EQ(inject(*vm, packet, MutableBytes(memory_).subspan(kPageSize - 32)),
            firmware(FirmwareStatus::kBadMeasurement));
  PacketArguments empty;
  EXPECT_EQ(vm->operate(GuestCommand::kLaunchSecret, &empty), kernel(EINVAL));
  EXPECT_EQ(vm->operate(GuestCommand::kLaunchSecret, nullptr), kernel(EFAULT));
}

TEST_F(SimulatedVmTest, UnregistersExactlyWhatWasRegistered) {
  const auto vm = launched();
  ASSERT_EQ(vm->register_memory(memory_.data(), memory_.size()), kOk);
  EXPECT_EQ(vm->register_memory(memory_.data(), 0), kernel(EINVAL));
  EXPECT_EQ(vm->register_memory(memory_.data(), SIZE_MAX), kernel(EINVAL));
  EXPECT_EQ(vm->unregister_memory(memory_.data(), kPageSize), kernel(EINVAL));
  EXPECT_EQ(vm->unregister_memory(memory_.data() + kPageSize, kPageSize), kernel(EINVAL));
  EXPECT_EQ(vm->unregister_memory(memory_.data(), memory_.size()), kOk);
  EXPECT_EQ(vm->unregister_memory(memory_.data(), memory_.size()), kernel(EINVAL));
}

}  // namespace
}  // namespace virtsev::sevcore
