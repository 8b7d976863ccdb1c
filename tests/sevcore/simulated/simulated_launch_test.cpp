// SPDX-License-Identifier: LGPL-2.1-or-later
// A whole launch through the simulated kernel, as a monitor does it, checked with the owner's side.
#include <numeric>

#include "sevcore/host-check/platform_information.hpp"
#include "sevcore/launch/launch_digest.hpp"
#include "sevcore/launch/launch_plan.hpp"
#include "tests/sevcore/simulated/simulated_fixture.hpp"

namespace virtsev::sevcore {
namespace {

class SimulatedLaunchTest : public SimulatedKernelTest {
 protected:
  SimulatedLaunchTest() {
    std::iota(memory_.begin(), memory_.end(), std::uint8_t{0});
    vcpus_.resize(2);
    vcpus_[0].rip = 0x100000;
  }

  OwnerSession session_for(Policy policy) {
    const auto device = platform_->open_device();
    information_ = read_platform(*device);
    return make_session(*parse_sev_certificate(information_.pdh), policy);
  }

  bool measurement_fits(const OwnerSession& session, Policy policy, bool es, VmsaFlavour flavour) {
    LaunchPlan plan;
    plan.regions.push_back(
        {GuestAddress(0), memory_.size(), PageType::kNormal, "", "", Bytes(memory_.begin(), memory_.end())});
    plan.vcpus = vcpus_;
    plan.protection = es ? Protection(SevEs{policy, {}, flavour}) : Protection(Sev{policy, {}, flavour});
    const Bytes computed = launch_digest(plan);
    ByteArray<32> digest{};
    std::copy(computed.begin(), computed.end(), digest.begin());
    const FirmwareVersion version{information_.api_major, information_.api_minor, information_.build};
    return verify_measurement(session.keys.tik, {version, policy, digest}, *parse_measurement(measurement_))
        .matches;
  }

  PlatformInformation information_;
};

TEST_F(SimulatedLaunchTest, TakesAnEsGuestThroughInit2ToRunningWithAMeasurementThatItsOwnerExpects) {
  const OwnerSession session = session_for(kEsPolicy);
  const auto vm = make_vm(KvmVmType::kSevEs);
  Init2Arguments init;
  ASSERT_EQ(vm->operate(GuestCommand::kInit2, &init), kOk);
  ASSERT_EQ(vm->register_memory(memory_.data(), memory_.size()), kOk);
  ASSERT_EQ(start(*vm, kEsPolicy, session), kOk);
  ASSERT_EQ(update(*vm, memory_), kOk);
  ASSERT_EQ(vm->operate(GuestCommand::kLaunchUpdateVmsa, nullptr), kOk);
  ASSERT_EQ(measure(*vm), kOk);
  EXPECT_TRUE(measurement_fits(session, kEsPolicy, true, VmsaFlavour::kInit2));
  EXPECT_FALSE(measurement_fits(session, kEsPolicy, true, VmsaFlavour::kLegacy));
  EXPECT_FALSE(measurement_fits(session, kSevPolicy, true, VmsaFlavour::kInit2));

  const Bytes plain(32, 0x42);
  const SecretPacket packet = pack_secret(session.keys, *parse_measurement(measurement_), plain);
  ASSERT_EQ(inject(*vm, packet, MutableBytes(memory_).subspan(16)), kOk);
  EXPECT_TRUE(std::equal(plain.begin(), plain.end(), memory_.begin() + 16));
  ASSERT_EQ(vm->operate(GuestCommand::kLaunchFinish, nullptr), kOk);
  EXPECT_EQ(state_of(*vm), GuestState::kRunning);
}

TEST_F(SimulatedLaunchTest, MeasuresTheVmsasOfTheOlderInterfaceAsItFillsThem) {
  const OwnerSession session = session_for(kEsPolicy);
  const auto vm = make_vm(KvmVmType::kDefault);
  ASSERT_EQ(vm->operate(GuestCommand::kEsInit, nullptr), kOk);
  ASSERT_EQ(start(*vm, kEsPolicy, session), kOk);
  ASSERT_EQ(update(*vm, memory_), kOk);
  ASSERT_EQ(vm->operate(GuestCommand::kLaunchUpdateVmsa, nullptr), kOk);
  ASSERT_EQ(measure(*vm), kOk);
  EXPECT_TRUE(measurement_fits(session, kEsPolicy, true, VmsaFlavour::kLegacy));
}

TEST_F(SimulatedLaunchTest, TakesASevGuestWithoutVmsas) {
  const OwnerSession session = session_for(kSevPolicy);
  for (const KvmVmType type : {KvmVmType::kDefault, KvmVmType::kSev}) {
    const auto vm = make_vm(type);
    Init2Arguments init;
    ASSERT_EQ(type == KvmVmType::kSev ? vm->operate(GuestCommand::kInit2, &init)
                                      : vm->operate(GuestCommand::kInit, nullptr),
              kOk);
    ASSERT_EQ(start(*vm, kSevPolicy, session), kOk);
    ASSERT_EQ(update(*vm, memory_), kOk);
    EXPECT_EQ(vm->operate(GuestCommand::kLaunchUpdateVmsa, nullptr), kernel(ENOTTY));
    ASSERT_EQ(measure(*vm), kOk);
    EXPECT_TRUE(measurement_fits(session, kSevPolicy, false, VmsaFlavour::kInit2));
  }
}

TEST_F(SimulatedLaunchTest, MeasuresMoreThanTheFirmwareTakesAtOnceAsOneStream) {
  const OwnerSession session = session_for(kSevPolicy);
  const auto vm = make_vm(KvmVmType::kDefault);
  ASSERT_EQ(vm->operate(GuestCommand::kInit, nullptr), kOk);
  ASSERT_EQ(start(*vm, kSevPolicy, session), kOk);
  Bytes large((2U << 20) + 4096 + 16, 0x33);
  auto* aligned = reinterpret_cast<std::uint8_t*>(round_up(address_of(large), 16));
  const MutableBytes data(aligned, large.size() - 16);
  ASSERT_EQ(update(*vm, data), kOk);
  ASSERT_EQ(measure(*vm), kOk);
  EXPECT_TRUE(verify_measurement(session.keys.tik,
                                 {{information_.api_major, information_.api_minor, information_.build},
                                  kSevPolicy,
                                  crypto::sha256(data)},
                                 *parse_measurement(measurement_))
                  .matches);
}

TEST_F(SimulatedLaunchTest, RefusesASecretWhoseMacIsWrongAndLeavesTheGuestAsItWas) {
  const OwnerSession session = session_for(kSevPolicy);
  const auto vm = make_vm(KvmVmType::kDefault);
  ASSERT_EQ(vm->operate(GuestCommand::kInit, nullptr), kOk);
  ASSERT_EQ(start(*vm, kSevPolicy, session), kOk);
  ASSERT_EQ(measure(*vm), kOk);
  const auto before = memory_;
  SecretPacket packet = pack_secret(session.keys, *parse_measurement(measurement_), Bytes(32, 0x42));
  packet.header[51] ^= 1;
  EXPECT_EQ(inject(*vm, packet, memory_), firmware(FirmwareStatus::kBadMeasurement));
  EXPECT_EQ(memory_, before);
  EXPECT_EQ(state_of(*vm), GuestState::kLaunchSecret);
  packet.header[51] ^= 1;
  EXPECT_EQ(inject(*vm, packet, memory_), kOk);
}

TEST_F(SimulatedLaunchTest, SaysThatItIsSimulated) {
  EXPECT_TRUE(make_vm(KvmVmType::kDefault)->simulated());
  EXPECT_TRUE(platform_->open_device()->simulated());
  session_for(kSevPolicy);
  EXPECT_TRUE(information_.simulated);
}

}  // namespace
}  // namespace virtsev::sevcore
