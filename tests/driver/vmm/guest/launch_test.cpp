// SPDX-License-Identifier: LGPL-2.1-or-later
// The launch on real KVM with the simulated firmware: what was predicted is what is measured, and secrets
// reach the guest alone.
#include "driver/boot/compose.hpp"
#include "sevcore/abi/measurement.hpp"
#include "sevcore/abi/session.hpp"
#include "sevcore/certificates/sev_certificate.hpp"
#include "sevcore/host-check/platform_information.hpp"
#include "sevcore/launch/launch_digest.hpp"
#include "sevcore/owner/secret.hpp"
#include "sevcore/simulated/simulated_kernel.hpp"
#include "tests/driver/boot/fakes/machine_edits.hpp"
#include "tests/driver/vmm/guest/tiny_guest_test.hpp"

namespace virtsev::vmm::test {
namespace {

using sevcore::Policy;

/// The guest owner's side.
class AttestedLaunch : public TinyGuestTest {
 protected:
  /// Adds a fresh session for this platform.
  void add_session(control::Start& start) {
    sevcore::SimulatedPlatform platform(open_file(directory_.path("identity"), O_RDWR | O_CREAT));
    const auto device = platform.open_device();
    const Bytes pdh = sevcore::read_platform(*device).pdh;
    session_ = sevcore::make_session(sevcore::parse_sev_certificate(pdh).value(),
                                     *sevcore::policy_of(start.machine.protection));
    const auto certificate = sevcore::serialise(session_->godh);
    boot::test::set_owner(start.machine, {Bytes(certificate.begin(), certificate.end()),
                                          Bytes(session_->blob.begin(), session_->blob.end())});
  }

  bool verifies(const control::LaunchReport& report, const spec::Machine& expected) {
    sevcore::MeasuredLaunch launch;
    launch.firmware = {static_cast<std::uint8_t>(report.api_major),
                       static_cast<std::uint8_t>(report.api_minor), static_cast<std::uint8_t>(report.build)};
    launch.policy = *sevcore::policy_of(expected.protection);
    const Bytes digest = sevcore::launch_digest(boot::compose(expected));
    std::copy(digest.begin(), digest.end(), launch.digest.begin());
    return sevcore::verify_measurement(session_->keys.tik, launch, measurement(report)).matches;
  }

  static sevcore::Measurement measurement(const control::LaunchReport& report) {
    return sevcore::parse_measurement(report.measurement).value();
  }

  control::InjectSecret pack(const control::LaunchReport& report, const std::string& text) {
    const auto packet = sevcore::pack_secret(session_->keys, measurement(report), bytes_of(text));
    return {Bytes(packet.header.begin(), packet.header.end()), packet.data, std::nullopt};
  }

  std::optional<sevcore::OwnerSession> session_;
};

struct Flavour {
  std::uint32_t policy;
  std::uint32_t vcpus;
  sevcore::VmsaFlavour vmsa;
};

class EveryFlavour : public AttestedLaunch, public testing::WithParamInterface<Flavour> {};

TEST_P(EveryFlavour, MeasuresWhatWasPredicted) {
  control::Start start = prepare(TinyGuest().spin());
  boot::test::set_policy(start.machine, GetParam().policy);
  start.machine.vcpus = GetParam().vcpus;
  boot::test::set_flavour(start.machine, GetParam().vmsa);
  add_session(start);
  const control::LaunchReport report = launch(start);
  EXPECT_TRUE(verifies(report, start.machine));
  EXPECT_EQ(sevcore::policy_value(report.protection), GetParam().policy);
  EXPECT_EQ(sevcore::interface_of(report.protection), GetParam().vmsa);
  EXPECT_EQ(report.platform, control::Platform::kSimulated);
}

INSTANTIATE_TEST_SUITE_P(Launch, EveryFlavour,
                         testing::Values(Flavour{1, 1, sevcore::VmsaFlavour::kInit2},
                                         Flavour{1, 2, sevcore::VmsaFlavour::kLegacy},
                                         Flavour{5, 1, sevcore::VmsaFlavour::kInit2},
                                         Flavour{5, 4, sevcore::VmsaFlavour::kInit2},
                                         Flavour{5, 2, sevcore::VmsaFlavour::kLegacy}));

TEST_F(AttestedLaunch, AnotherKernelOrVcpuCountOrPolicyDoesNotVerify) {
  control::Start start = prepare(TinyGuest().print("a").spin());
  add_session(start);
  const control::LaunchReport report = launch(start);
  ASSERT_TRUE(verifies(report, start.machine));
  const boot::test::BootFiles other(TinyGuest().print("b").spin().bzimage());
  spec::Machine changed = start.machine;
  changed.boot = other.machine().boot;
  EXPECT_FALSE(verifies(report, changed));
  changed = start.machine;
  changed.vcpus = 2;
  EXPECT_FALSE(verifies(report, changed));
  changed = start.machine;
  boot::test::set_policy(changed, 4);
  EXPECT_FALSE(verifies(report, changed));
  changed = start.machine;
  boot::test::payload(changed).command_line += " ";
  EXPECT_FALSE(verifies(report, changed));
}

TEST_F(AttestedLaunch, APeerThatUnderstandsItHearsHowFarTheLaunchIs) {
  launch(prepare(TinyGuest().spin()));
  ASSERT_FALSE(monitor_->progress().empty());
  const control::Progress& progress = monitor_->progress().front();
  EXPECT_EQ(progress.done, 128ULL << 20) << "the first piece: all memory is registered";
  EXPECT_GT(progress.total, progress.done);
}

TEST_F(AttestedLaunch, APeerOfAnEarlierVersionHearsNothingThatItDoesNotKnow) {
  monitor_->speak_version(3);
  monitor_->reconnect();
  launch(prepare(TinyGuest().spin()));
  call<control::Done>(control::Quit{});
  const auto event = monitor_->wait_for_event(kLongEnough);
  ASSERT_TRUE(event);
  EXPECT_TRUE(std::holds_alternative<control::Ended>(*event));
  EXPECT_TRUE(monitor_->progress().empty());
}

TEST_F(AttestedLaunch, TheGuestReadsTheSecretAtItsPlace) {
  control::Start start = prepare(TinyGuest().print("[").print_memory(0x100010, 16).print("]").spin());
  add_session(start);
  const control::LaunchReport report = launch(start);
  ASSERT_EQ(report.secret_address, 0x100010U);
  call<control::Done>(pack(report, "sixteen letters!"));
  resume();
  EXPECT_TRUE(console_shows("[sixteen letters!]"));
}

TEST_F(AttestedLaunch, ASecretWithAWrongMacIsRefusedAndTheRightOneTakenAfterIt) {
  control::Start start = prepare(TinyGuest().print("[").print_memory(0x100010, 16).print("]").spin());
  add_session(start);
  const control::LaunchReport report = launch(start);
  control::InjectSecret wrong = pack(report, "forged secret!!!");
  wrong.secret[0] ^= 1;
  EXPECT_NE(call_failing(wrong).text.find("LAUNCH_SECRET"), std::string::npos);
  EXPECT_EQ(call<control::Status>(control::Query{}).state, control::RunState::kPaused);
  call<control::Done>(pack(report, "the right secret"));
  resume();
  EXPECT_TRUE(console_shows("[the right secret]"));
}

TEST_F(AttestedLaunch, ASecretAfterTheFirstResumeIsRefused) {
  control::Start start = prepare(TinyGuest().spin());
  add_session(start);
  const control::LaunchReport report = launch(start);
  resume();
  EXPECT_EQ(call_failing(pack(report, "sixteen letters!")).code, ErrorCode::kOperationInvalid);
  call<control::Done>(control::Pause{});
  EXPECT_EQ(call_failing(pack(report, "sixteen letters!")).code, ErrorCode::kOperationInvalid);
}

TEST_F(AttestedLaunch, ASecretLongerThanItsPlaceIsRefused) {
  control::Start start = prepare(TinyGuest().spin());
  add_session(start);
  const control::LaunchReport report = launch(start);
  EXPECT_EQ(call_failing(pack(report, std::string(8192, 'x'))).code, ErrorCode::kInvalidArgument);
}

TEST_F(AttestedLaunch, ASecretOutsideMemoryIsRefused) {
  control::Start start = prepare(TinyGuest().spin());
  add_session(start);
  control::InjectSecret secret = pack(launch(start), "sixteen letters!");
  secret.address = 0xfee00000;
  EXPECT_EQ(call_failing(secret).code, ErrorCode::kInvalidArgument);
}

TEST_F(AttestedLaunch, ASessionForAnotherPolicyIsRefused) {
  control::Start start = prepare(TinyGuest().spin());
  add_session(start);
  boot::test::set_policy(start.machine, 7);
  EXPECT_NE(call_failing(start).text.find("LAUNCH_START"), std::string::npos);
}

TEST_F(TinyGuestTest, TheGuestBelievesInItsProtection) {
  run(TinyGuest()
          .print("status ")
          .print_msr_digit(0xc0010131)
          .print(", C-bit ")
          .print_ghcb_answer(2)
          .print(".")
          .spin());
  const control::LaunchReport report = call<control::Status>(control::Query{}).launch;
  EXPECT_TRUE(
      console_shows(std::string("status 3, C-bit ") + static_cast<char>(report.c_bit_position) + "."));
}

TEST_F(TinyGuestTest, ASevGuestHasNoEncryptedState) {
  control::Start start = prepare(TinyGuest().print("status ").print_msr_digit(0xc0010131).spin());
  boot::test::set_policy(start.machine, 1);
  launch(start);
  resume();
  EXPECT_TRUE(console_shows("status 1"));
}

TEST_F(TinyGuestTest, MemoryWhereAKernelWouldBeHoldsTraps) {
  run(TinyGuest().print("[").print_memory(0x1008000, 2).print("]").spin());
  EXPECT_TRUE(console_shows("[\xcc\xcc]"));
}

TEST_F(TinyGuestTest, AnUnprotectedGuestRunsWithoutMeasurement) {
  control::Start start = prepare(TinyGuest().print("plain").spin());
  start.machine.protection = sevcore::Unprotected{};
  start.platform_identity = -1;
  start.simulated = {};
  EXPECT_TRUE(launch(start).measurement.empty());
  EXPECT_EQ(call_failing(control::InjectSecret{Bytes(52), Bytes(16), std::nullopt}).code,
            ErrorCode::kOperationInvalid);
  resume();
  EXPECT_TRUE(console_shows("plain"));
}

TEST_F(TinyGuestTest, AGuestWithMoreMemoryThanFitsBelowTheHoleIsLaunched) {
  control::Start start = prepare(TinyGuest().print("big").spin());
  start.machine.memory_bytes = 6ULL << 30;
  launch(start);
  resume();
  EXPECT_TRUE(console_shows("big"));
}

TEST_F(TinyGuestTest, AnotherCBitThanTheHostsIsRefusedWithTheRightOne) {
  control::Start start = prepare(TinyGuest().spin());
  start.c_bit_position = 51;
  const control::Failure failure = call_failing(start);
  EXPECT_EQ(failure.code, ErrorCode::kConfigUnsupported);
  EXPECT_NE(failure.text.find("<cbitpos> is 51"), std::string::npos) << failure.text;
}

TEST_F(TinyGuestTest, AKernelThatIsNoneIsRefusedAndTheMonitorEnds) {
  const control::Failure failure = call_failing(prepare(Bytes(5000, 'x')));
  EXPECT_NE(failure.text.find("/boot/test-kernel"), std::string::npos) << failure.text;
  EXPECT_EQ(wait_for_end().reason, control::EndReason::kError);
  EXPECT_EQ(monitor_->wait_for_exit(), 0);
}

TEST_F(TinyGuestTest, WithoutKvmTheStartIsRefused) {
  control::Start start = prepare(TinyGuest().spin());
  start.kvm = -1;
  EXPECT_NE(call_failing(start).text.find("/dev/kvm"), std::string::npos);
}

TEST_F(TinyGuestTest, OnHardwareWithoutSevTheStartIsRefused) {
  control::Start start = prepare(TinyGuest().spin());
  start.platform = control::Platform::kHardware;
  start.sev = start.kvm;
  EXPECT_EQ(call_failing(start).code, ErrorCode::kConfigUnsupported);
}

TEST_F(TinyGuestTest, ASecondStartIsRefusedAndTheFirstGuestStays) {
  const control::Start start = prepare(TinyGuest().print("first").spin());
  launch(start);
  EXPECT_EQ(call_failing(start).code, ErrorCode::kOperationInvalid);
  resume();
  EXPECT_TRUE(console_shows("first"));
}

TEST_F(TinyGuestTest, WhatNeedsAGuestIsRefusedBeforeTheStart) {
  EXPECT_EQ(call_failing(control::Resume{}).code, ErrorCode::kOperationInvalid);
  EXPECT_EQ(call_failing(control::Pause{}).code, ErrorCode::kOperationInvalid);
  EXPECT_EQ(call_failing(control::PowerButton{}).code, ErrorCode::kOperationInvalid);
  EXPECT_EQ(call<control::Status>(control::Query{}).state, control::RunState::kEmpty);
}

}  // namespace
}  // namespace virtsev::vmm::test
