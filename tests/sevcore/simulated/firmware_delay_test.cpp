// SPDX-License-Identifier: LGPL-2.1-or-later
// The simulated firmware takes the time that it is told.
#include <chrono>

#include "tests/sevcore/simulated/simulated_fixture.hpp"

namespace virtsev::sevcore {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kMiB = 1U << 20;

class FirmwareDelayTest : public SimulatedKernelTest {
 protected:
  void set_delay(std::uint32_t ms_per_mib) {
    platform_.reset();
    directory_.set({4, 4, ms_per_mib});
    platform_ = directory_.platform();
  }
  /// A guest after LAUNCH_START.
  static std::unique_ptr<SevVm> started(SimulatedPlatform& platform) {
    auto vm = platform.make_vm(KvmVmType::kDefault, {});
    EXPECT_EQ(vm->operate(GuestCommand::kInit, nullptr), kOk);
    EXPECT_EQ(start(*vm, kSevPolicy), kOk);
    return vm;
  }
  static Outcome update_mebibytes(SevVm& vm, std::uint32_t count) {
    Bytes memory(count * kMiB + 16);
    LaunchUpdateDataArguments range{round_up(address_of(memory), 16), count * kMiB};
    return vm.operate(GuestCommand::kLaunchUpdateData, &range);
  }
  template <typename Work>
  static Clock::duration time_of(Work work) {
    const auto begin = Clock::now();
    work();
    return Clock::now() - begin;
  }
};

TEST_F(FirmwareDelayTest, ALaunchTakesTheDelayForEachMebibyte) {
  set_delay(20);
  const auto vm = started(*platform_);
  EXPECT_GE(time_of([&] { EXPECT_EQ(update_mebibytes(*vm, 3), kOk); }), milliseconds(60));
}

TEST_F(FirmwareDelayTest, WhatIsRefusedTakesNoTime) {
  set_delay(SimulationSettings::kMaxDelay);
  const auto vm = started(*platform_);
  ASSERT_EQ(measure(*vm), kOk);
  const auto refused =
      time_of([&] { EXPECT_EQ(update_mebibytes(*vm, 1), firmware(FirmwareStatus::kInvalidGuestState)); });
  EXPECT_LT(refused, milliseconds(SimulationSettings::kMaxDelay / 2));
}

TEST_F(FirmwareDelayTest, ASecretTakesItsTimeToo) {
  set_delay(SimulationSettings::kMaxDelay);
  const auto device = platform_->open_device();
  Bytes pdh(kCertificateSize);
  Bytes chain(kCertificateChainSize);
  PdhCertExportArguments certificates{address_of(pdh), kCertificateSize, address_of(chain),
                                      kCertificateChainSize};
  ASSERT_EQ(device->issue(PlatformCommand::kPdhCertExport, &certificates), kOk);
  const OwnerSession session = make_session(parse_sev_certificate(pdh).value(), kSevPolicy);
  const auto vm = platform_->make_vm(KvmVmType::kDefault, {});
  ASSERT_EQ(vm->operate(GuestCommand::kInit, nullptr), kOk);
  ASSERT_EQ(start(*vm, kSevPolicy, session), kOk);
  ASSERT_EQ(measure(*vm), kOk);
  const Bytes secret(1024, 's');
  const auto packet = pack_secret(session.keys, parse_measurement(measurement_).value(), secret);
  EXPECT_GE(time_of([&] { EXPECT_EQ(inject(*vm, packet, memory_), kOk); }), milliseconds(58));
}

}  // namespace
}  // namespace virtsev::sevcore
