// SPDX-License-Identifier: LGPL-2.1-or-later
// The life of a guest on real KVM: start, run, pause, console, power button, and each way to end.
#include <array>
#include <csignal>

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "tests/driver/vmm/guest/tiny_guest_test.hpp"

namespace virtsev::vmm::test {
namespace {

using control::EndReason;
using control::RunState;

class GuestLife : public TinyGuestTest {
 protected:
  control::Status status() { return call<control::Status>(control::Query{}); }
};

TEST_F(GuestLife, StandsStillAfterItsStart) {
  launch(prepare(TinyGuest().print("hello").spin()));
  const control::Status now = status();
  EXPECT_EQ(now.state, RunState::kPaused);
  EXPECT_FALSE(now.has_run);
  EXPECT_EQ(now.vcpu_threads.size(), 1U);
  EXPECT_TRUE(monitor_->console().empty());
}

TEST_F(GuestLife, WritesToConsoleAndLogOnceResumed) {
  run(TinyGuest().print("hello").spin());
  ASSERT_TRUE(console_shows("hello"));
  EXPECT_EQ(status().state, RunState::kRunning);
  EXPECT_TRUE(status().has_run);
  std::string log(5, ' ');
  const UniqueFd file = open_file(directory_.path("log"), O_RDONLY);
  ASSERT_EQ(::read(file.get(), log.data(), log.size()), 5);
  EXPECT_EQ(log, "hello");
}

TEST_F(GuestLife, ReadsWhatIsTypedAtTheConsole) {
  run(TinyGuest().print("?").echo_one_byte().print("!").spin());
  ASSERT_TRUE(console_shows("?"));
  monitor_->type("x");
  EXPECT_TRUE(console_shows("?x!"));
}

TEST_F(GuestLife, CanBePausedAndResumedWhileItRuns) {
  run(TinyGuest().print("a").echo_one_byte().spin());
  ASSERT_TRUE(console_shows("a"));
  for (int round = 0; round < 20; ++round) {
    call<control::Done>(control::Pause{});
    ASSERT_EQ(status().state, RunState::kPaused);
    resume();
    ASSERT_EQ(status().state, RunState::kRunning);
  }
  call<control::Done>(control::Pause{});
  monitor_->type("b");
  resume();
  EXPECT_TRUE(console_shows("ab"));
}

TEST_F(GuestLife, CountsEachVcpusTime) {
  control::Start start = prepare(TinyGuest().print("a").spin());
  start.machine.vcpus = 3;
  launch(start);
  resume();
  ASSERT_TRUE(console_shows("a"));
  const control::Status now = status();
  ASSERT_EQ(now.vcpu_time_ns.size(), 3U);
  EXPECT_GT(now.vcpu_time_ns[0], 0U);
  EXPECT_GT(now.resident_bytes, 0U);
}

TEST_F(GuestLife, SeesThePowerButtonAndSwitchesOff) {
  run(TinyGuest().print("on").wait_for_power_button().print("off").power_off());
  ASSERT_TRUE(console_shows("on"));
  call<control::Done>(control::PowerButton{});
  EXPECT_EQ(wait_for_end().reason, EndReason::kPoweroff);
  EXPECT_NE(monitor_->console().find("off"), std::string::npos);
  EXPECT_EQ(monitor_->wait_for_exit(), 0);
}

TEST_F(GuestLife, HasNoLinkOfAnInterfaceThatItDoesNotHave) {
  run(TinyGuest().print("on").wait_for_power_button().power_off());
  const control::Failure failure = call_failing(control::SetLink{"net0", false});
  EXPECT_EQ(failure.code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(failure.text, "the guest has no network interface 'net0'");
  call<control::Done>(control::PowerButton{});
  EXPECT_EQ(wait_for_end().reason, EndReason::kPoweroff);
}

TEST_F(GuestLife, GetsDevicesAndGivesBackThoseThatItDoesNotUse) {
  control::Start start = prepare(TinyGuest().print("on").wait_for_power_button().power_off());
  start.machine.devices.push_back({"pci.1", spec::PciAddress{1}, spec::RootPort{1}});
  launch(start);
  resume();
  ASSERT_TRUE(console_shows("on"));
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  const UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  const UniqueFd image(::memfd_create("image", MFD_CLOEXEC));
  ASSERT_EQ(::ftruncate(image.get(), 8 << 20), 0);
  spec::Disk disk;
  disk.image = {image.get(), "image"};
  spec::Interface interface;
  interface.stream = theirs.get();
  for (int round = 0; round < 3; ++round) {
    for (const spec::DeviceDescription& device :
         {spec::DeviceDescription{"virtio-disk0", spec::PciAddress{0, 1}, disk},
          spec::DeviceDescription{"net0", spec::PciAddress{0, 1}, interface},
          spec::DeviceDescription{"rng0", spec::PciAddress{0, 1}, spec::Entropy{}}}) {
      call<control::Done>(control::AttachDevice{device});
      EXPECT_EQ(status().plugged, std::vector<std::string>{device.id});
      EXPECT_EQ(call_failing(control::AttachDevice{{"rng9", spec::PciAddress{0, 1}, spec::Entropy{}}}).code,
                ErrorCode::kOperationInvalid);
      call<control::Done>(control::DetachDevice{device.id});
      const auto event = monitor_->wait_for_event(kLongEnough);
      ASSERT_TRUE(event && std::holds_alternative<control::DeviceRemoved>(*event));
      EXPECT_EQ(std::get<control::DeviceRemoved>(*event).id, device.id);
      EXPECT_TRUE(status().plugged.empty());
    }
  }
  theirs.reset();
  char byte = 0;
  EXPECT_EQ(::read(ours.get(), &byte, 1), 0) << "the monitor has the other end no more";
  EXPECT_EQ(call_failing(control::AttachDevice{{"rng0", spec::PciAddress{0, 2}, spec::Entropy{}}}).code,
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(call_failing(control::DetachDevice{"rng0"}).code, ErrorCode::kInvalidArgument);
  call<control::Done>(control::PowerButton{});
  EXPECT_EQ(wait_for_end().reason, EndReason::kPoweroff);
}

TEST_F(GuestLife, EndsWithItsReset) {
  run(TinyGuest().reset());
  EXPECT_EQ(wait_for_end().reason, EndReason::kReset);
}

TEST_F(GuestLife, EndsWithATripleFaultThatSaysWhere) {
  run(TinyGuest().triple_fault());
  const control::Ended ended = wait_for_end();
  EXPECT_EQ(ended.reason, EndReason::kPanic);
  // On AMD processors KVM has reset the vCPU by then (the VMCB is undefined after a shutdown): 0xfff0.
  EXPECT_TRUE(ended.text.find("vCPU 0 at 0x100000") != std::string::npos ||
              ended.text.find("vCPU 0 at 0xfff0") != std::string::npos)
      << ended.text;
}

TEST_F(GuestLife, EndsWhenItAsksToBeTerminated) {
  run(TinyGuest().vmgexit(0x100 | 5U << 16).spin());
  const control::Ended ended = wait_for_end();
  EXPECT_EQ(ended.reason, EndReason::kPanic);
  EXPECT_NE(ended.text.find("reason 5"), std::string::npos) << ended.text;
}

TEST_F(GuestLife, EndsWhenItIsDestroyed) {
  run(TinyGuest().spin());
  call<control::Done>(control::Quit{});
  EXPECT_EQ(wait_for_end().reason, EndReason::kDestroyed);
  EXPECT_EQ(monitor_->wait_for_exit(), 0);
  EXPECT_EQ(end_file().value().reason, EndReason::kDestroyed);
}

TEST_F(GuestLife, EndsWithSigterm) {
  run(TinyGuest().spin());
  ::kill(monitor_->pid(), SIGTERM);
  EXPECT_EQ(wait_for_end().reason, EndReason::kDestroyed);
}

TEST_F(GuestLife, AKilledMonitorLeavesNoReason) {
  run(TinyGuest().print("a").spin());
  ASSERT_TRUE(console_shows("a"));
  ::kill(monitor_->pid(), SIGKILL);
  EXPECT_TRUE(WIFSIGNALED(monitor_->wait_for_exit()));
  EXPECT_FALSE(end_file());
}

TEST_F(GuestLife, OutlivesItsPeerAndIsFoundAgain) {
  run(TinyGuest().print("a").echo_one_byte().spin());
  ASSERT_TRUE(console_shows("a"));
  const control::LaunchReport before = status().launch;
  monitor_->disconnect();
  monitor_->reconnect();
  EXPECT_EQ(status().state, RunState::kRunning);
  EXPECT_EQ(status().launch.measurement, before.measurement);
  monitor_->type("b");
  EXPECT_TRUE(console_shows("ab"));
}

TEST_F(GuestLife, IsServedByTheDaemonsNextVersionAfterAnUpgrade) {
  launch(prepare(TinyGuest().print("a").echo_one_byte().power_off()));
  const control::LaunchReport before = status().launch;
  monitor_->disconnect();
  monitor_->speak_next_version();
  monitor_->reconnect();
  EXPECT_EQ(status().launch.measurement, before.measurement);
  resume();
  ASSERT_TRUE(console_shows("a"));
  call<control::Done>(control::Pause{});
  EXPECT_EQ(status().state, RunState::kPaused);
  resume();
  monitor_->type("b");
  EXPECT_EQ(wait_for_end().reason, EndReason::kPoweroff);
}

TEST_F(GuestLife, LeavesItsReasonInAFileWhenNobodyIsThere) {
  run(TinyGuest().print("a").echo_one_byte().power_off());
  ASSERT_TRUE(console_shows("a"));
  monitor_->disconnect();
  monitor_->type("b");
  EXPECT_EQ(monitor_->wait_for_exit(), 0);
  EXPECT_EQ(end_file().value().reason, EndReason::kPoweroff);
}

TEST_F(GuestLife, SilenceIsToldWithWhereTheVcpusStandAndTheGuestLeftAlone) {
  control::Start start = prepare(TinyGuest().spin());
  start.console_timeout_seconds = 1;
  launch(start);
  resume();
  const auto event = monitor_->wait_for_event(kLongEnough);
  ASSERT_TRUE(event && std::holds_alternative<control::ConsoleSilent>(*event));
  const std::string& text = std::get<control::ConsoleSilent>(*event).text;
  EXPECT_NE(text.find("vCPU 0 at 0x1000000, running, interrupts off"), std::string::npos) << text;
  EXPECT_EQ(text.find("may"), std::string::npos) << "what is seen, and not what it may mean: " << text;
  EXPECT_EQ(status().state, RunState::kRunning);
}

TEST_F(GuestLife, SilenceThatNobodyHeardOfStandsInTheStatus) {
  control::Start start = prepare(TinyGuest().spin());
  start.console_timeout_seconds = 1;
  launch(start);
  EXPECT_TRUE(status().console_silent.empty());
  resume();
  ASSERT_TRUE(monitor_->wait_for_event(kLongEnough));
  monitor_->disconnect();
  monitor_->reconnect();
  EXPECT_NE(status().console_silent.find("vCPU 0 at 0x1000000"), std::string::npos);
}

TEST_F(GuestLife, AGuestThatStandsStillIsNotSilentAndOneThatGoesOnIs) {
  control::Start start = prepare(TinyGuest().spin());
  start.console_timeout_seconds = 1;
  launch(start);
  resume();
  call<control::Done>(control::Pause{});
  EXPECT_FALSE(monitor_->wait_for_event(std::chrono::milliseconds(1500)));
  EXPECT_TRUE(status().console_silent.empty());
  resume();
  EXPECT_TRUE(monitor_->wait_for_event(kLongEnough));
}

TEST_F(GuestLife, AGuestThatHasSpokenIsNotSilent) {
  control::Start start = prepare(TinyGuest().echo_one_byte().spin());
  start.console_timeout_seconds = 1;
  launch(start);
  resume();
  ASSERT_TRUE(monitor_->wait_for_event(kLongEnough));
  EXPECT_FALSE(status().console_silent.empty());
  monitor_->type("x");
  ASSERT_TRUE(console_shows("x"));
  EXPECT_TRUE(status().console_silent.empty());
}

TEST_F(GuestLife, AMonitorWithoutGuestEndsWithItsPeer) {
  monitor_->disconnect();
  EXPECT_EQ(monitor_->wait_for_exit(), 0);
}

TEST_F(GuestLife, HasNoCapabilitiesAndCantGainAny) {
  launch(prepare(TinyGuest().spin()));
  const UniqueFd file = open_file("/proc/" + std::to_string(monitor_->pid()) + "/status", O_RDONLY);
  std::string text(8192, ' ');
  ASSERT_GT(::read(file.get(), text.data(), text.size()), 0);
  EXPECT_NE(text.find("CapEff:\t0000000000000000"), std::string::npos);
  EXPECT_NE(text.find("CapPrm:\t0000000000000000"), std::string::npos);
  EXPECT_NE(text.find("NoNewPrivs:\t1"), std::string::npos);
  EXPECT_NE(text.find("Seccomp:\t2"), std::string::npos);
}

}  // namespace
}  // namespace virtsev::vmm::test
