// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest's registers, read and written for debugging, on real KVM.
#include "sevcore/machine/memory_layout.hpp"
#include "tests/driver/vmm/guest/debugged_guest.hpp"

namespace virtsev::vmm::test {
namespace {

using Registers = DebuggedGuest;

constexpr std::size_t kRax = 0;
constexpr std::size_t kRbx = 1;
constexpr std::uint32_t kNumber = 0x11223344;

TEST_F(Registers, AreReadWhileTheGuestRunsAndWhileItStandsStill) {
  TinyGuest guest;
  guest.load_ebx(kNumber).print("a");
  const std::uint64_t spinning = guest.position();
  launch(with_policy(guest.spin(), kDebuggable));
  EXPECT_NE(registers().rip, spinning) << "it has not run yet";
  resume();
  ASSERT_TRUE(console_shows("a"));
  for (const auto expected : {control::RunState::kRunning, control::RunState::kPaused}) {
    const control::VcpuRegisters now = registers();
    EXPECT_EQ(now.rip, spinning);
    EXPECT_EQ(now.general[kRbx], kNumber);
    EXPECT_EQ(now.cr0 & 0x80000001, 1U) << "protected mode without paging";
    EXPECT_NE(now.selectors[0], 0U);
    EXPECT_EQ(state(), expected);
    pause();
  }
}

TEST_F(Registers, ThatADebuggerWroteAreWhatTheGuestGoesOnWith) {
  TinyGuest guest;
  guest.load_ebx(kNumber).print("a").spin();
  const std::uint64_t next = guest.position();
  guest.print_bl().spin();
  const std::uint64_t last = guest.position();
  guest.print_bl().print(".").spin();
  launch(with_policy(guest, kDebuggable));
  resume();
  ASSERT_TRUE(console_shows("a"));
  pause();
  control::VcpuRegisters changed = registers();
  changed.rip = next;
  changed.general[kRbx] = 'Z';
  changed.general[15] = 0x123456789abcdef0;
  changed.cr2 = 0x1234000;
  changed.fs_base = 0x5000;
  call<control::Done>(control::WriteRegisters{0, changed});
  EXPECT_EQ(registers(), changed);
  resume();
  ASSERT_TRUE(console_shows("aZ"));

  changed = registers();
  EXPECT_EQ(changed.cr2, 0x1234000U);
  changed.rip = last;
  changed.general[kRbx] = '!';
  call<control::Done>(control::WriteRegisters{0, changed});
  EXPECT_TRUE(console_shows("aZ!.")) << "it was not paused";
}

/// An access to a port goes out to the monitor; KVM completes it only at the next KVM_RUN.
TEST_F(Registers, AreThoseAfterAnAccessThatTheMonitorHasAnswered) {
  TinyGuest guest;
  guest.print("a");
  launch(with_policy(guest.poll_port(layout::kEventStatusPort), kDebuggable));
  resume();
  ASSERT_TRUE(console_shows("a"));
  const std::uint64_t in = guest.position() - 4;
  // Its letter is on the console before it gets there.
  for (int round = 0; round < 1000 && registers().rip < in; ++round) {
  }
  constexpr int kRounds = 50;
  int before = 0;
  for (int round = 0; round < kRounds; ++round) {
    const control::VcpuRegisters now = registers();
    ASSERT_GE(now.rip, in);
    before += now.rip == in ? 1 : 0;
  }
  RecordProperty("before", before);
  EXPECT_LT(before, kRounds * 4 / 5) << "the guest spends its time in the access, and stands behind it";
}

TEST_F(Registers, OfImpossibleCombinationsAreRefusedAndNoneIsChanged) {
  launch(with_policy(TinyGuest().spin(), kDebuggable));
  const control::VcpuRegisters before = registers();
  control::VcpuRegisters changed = before;
  changed.general[kRax] = 77;
  changed.efer |= 1U << 10;  // LMA, without paging
  const auto failure = call_failing(control::WriteRegisters{0, changed});
  EXPECT_EQ(failure.code, ErrorCode::kInvalidArgument);
  EXPECT_NE(failure.text.find("KVM_SET_SREGS"), std::string::npos) << failure.text;
  EXPECT_EQ(registers(), before);
}

TEST_F(Registers, OfEachVcpuAreItsOwn) {
  control::Start start = with_policy(TinyGuest().spin(), kDebuggable);
  start.machine.vcpus = 2;
  launch(start);
  control::VcpuRegisters changed = registers(1);
  changed.general[kRbx] = kNumber;
  call<control::Done>(control::WriteRegisters{1, changed});
  EXPECT_EQ(registers(1).general[kRbx], kNumber);
  EXPECT_NE(registers(0).general[kRbx], kNumber);
}

TEST_F(Registers, OfSevEsAreNobodys) {
  launch(with_policy(TinyGuest().spin(), kDebuggableEs));
  for (const auto& request :
       std::vector<control::Request>{control::ReadRegisters{}, control::WriteRegisters{}}) {
    const auto failure = call_failing(request);
    EXPECT_EQ(failure.code, ErrorCode::kOperationUnsupported);
    EXPECT_NE(failure.text.find("registers are encrypted (SEV-ES)"), std::string::npos) << failure.text;
  }
}

TEST_F(Registers, StayClosedWhereThePolicyForbidsDebugging) {
  launch(with_policy(TinyGuest().spin(), kClosed));
  for (const auto& request :
       std::vector<control::Request>{control::ReadRegisters{}, control::WriteRegisters{}}) {
    const auto failure = call_failing(request);
    EXPECT_EQ(failure.code, ErrorCode::kOperationDenied);
    EXPECT_NE(failure.text.find("policy 0x1"), std::string::npos) << failure.text;
    EXPECT_NE(failure.text.find("NODBG"), std::string::npos) << failure.text;
  }
}

}  // namespace
}  // namespace virtsev::vmm::test
