// SPDX-License-Identifier: LGPL-2.1-or-later
// Lines, messages and doorbells on real KVM: a guest of some instructions is interrupted, and rings.
#include "driver/vmm/kvm/kvm_interrupts.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include "driver/vmm/interrupts/interrupts.hpp"
#include "tests/driver/vmm/flat_guest.hpp"

namespace virtsev::vmm::test {
namespace {

constexpr std::uint32_t kPin = 9;
constexpr std::uint8_t kVector = 0x41;
constexpr std::uint8_t kOtherVector = 0x42;
constexpr std::uint64_t kBell = layout::kPlatformMmio.start.value();

bool is_readable(int fd) {
  pollfd poll_fd{fd, POLLIN, 0};
  return ::poll(&poll_fd, 1, 0) == 1;
}

class InterruptedGuest : public FlatGuest {
 protected:
  void SetUp() override {
    FlatGuest::SetUp();
    if (IsSkipped()) {
      return;
    }
    kvm_.emplace(*vm_, layout::kIoApicPins);
    interrupts_.emplace(*kvm_, layout::kIoApicPins);
    put_handler(kVector, kHandlers);
    put_handler(kOtherVector, kHandlers + 0x100);
  }
  /// Says its vector, ends the interrupt, goes back.
  void put_handler(std::uint8_t vector, std::uint64_t address) {
    put(kIdt + 8ULL * vector, (address & 0xffff) | std::uint64_t{kCodeSelector} << 16 | 0x8e00ULL << 32);
    at_ = address;
    say(vector);
    write_memory(layout::kLocalApic.start.value() + 0xb0, 0);  // EOI
    code({0xcf});                                              // iret
  }

  void begin_with_interrupts() {
    begin();
    write_memory(layout::kLocalApic.start.value() + 0xf0, 0x1ff);  // Spurious interrupt vector; enabled
  }
  /// For ever: lets interrupts in, and waits for one.
  void wait_for_interrupts() { code({0xfb, 0xf4, 0xeb, 0xfc}); }  // sti; hlt; jmp

  std::optional<KvmInterrupts> kvm_;
  std::optional<Interrupts> interrupts_;
};

TEST_F(InterruptedGuest, ALineInterruptsAtEachEdge) {
  begin_with_interrupts();
  write_memory(layout::kIoApic.start.value(), 0x10 + 2 * kPin);  // Its redirection entry: edge, unmasked
  write_memory(layout::kIoApic.start.value() + 0x10, kVector);
  say(kReady);
  wait_for_interrupts();
  start();
  EXPECT_EQ(next(), kReady);
  InterruptLine line = interrupts_->line(kPin);
  for (int edge = 0; edge < 3; ++edge) {
    line.pulse();
    EXPECT_EQ(next(), kVector);
  }
}

TEST_F(InterruptedGuest, AMessageInterruptsAsItsTableSaysNow) {
  begin_with_interrupts();
  say(kReady);
  wait_for_interrupts();
  start();
  EXPECT_EQ(next(), kReady);
  for (int round = 0; round < 3; ++round) {
    Msi msi = interrupts_->msi();
    msi.send();  // Without a message: to nobody
    EXPECT_TRUE(msi.set_message({layout::kLocalApic.start.value(), kVector}));
    msi.send();
    EXPECT_EQ(next(), kVector);
    EXPECT_TRUE(msi.set_message({layout::kLocalApic.start.value(), kOtherVector}));
    msi.send();
    EXPECT_EQ(next(), kOtherVector);
  }
}

TEST_F(InterruptedGuest, LinesStayWhatTheyAreWhileMessagesComeAndGo) {
  begin_with_interrupts();
  write_memory(layout::kIoApic.start.value(), 0x10 + 2 * kPin);
  write_memory(layout::kIoApic.start.value() + 0x10, kVector);
  say(kReady);
  wait_for_interrupts();
  start();
  EXPECT_EQ(next(), kReady);
  InterruptLine line = interrupts_->line(kPin);
  {
    Msi msi = interrupts_->msi();
    EXPECT_TRUE(msi.set_message({layout::kLocalApic.start.value(), kOtherVector}));
    line.pulse();
    EXPECT_EQ(next(), kVector);
  }
  line.pulse();
  EXPECT_EQ(next(), kVector);
}

TEST_F(InterruptedGuest, ADoorbellRingsForItsValueWithoutAnExit) {
  begin_with_interrupts();
  write_memory(kBell, 5);
  write_memory(kBell, 6);
  say(kReady);
  start();
  Doorbell doorbell(*kvm_);
  ASSERT_TRUE(doorbell.place_at({DoorbellPlace::Space::kMemory, kBell, 4, 5}));
  EXPECT_EQ(vcpu_->run(), 0);
  EXPECT_TRUE(is_readable(doorbell.descriptor()));
  ASSERT_EQ(vcpu_->run_area().exit_reason, static_cast<std::uint32_t>(KVM_EXIT_MMIO));
  EXPECT_EQ(vcpu_->run_area().mmio.phys_addr, kBell);
  EXPECT_EQ(vcpu_->run_area().mmio.data[0], 6);
  EXPECT_EQ(next(), kReady);
}

TEST_F(InterruptedGuest, ADoorbellAtAPortRings) {
  begin_with_interrupts();
  code({0xb0, 1, 0xe6, 0x20});  // mov al, 1; out 0x20, al
  say(kReady);
  start();
  Doorbell doorbell(*kvm_);
  ASSERT_TRUE(doorbell.place_at({DoorbellPlace::Space::kPorts, 0x20, 1, {}}));
  EXPECT_EQ(next(), kReady);
  EXPECT_TRUE(is_readable(doorbell.descriptor()));
}

TEST_F(InterruptedGuest, ADoorbellThatHasGoneLetsTheGuestExit) {
  begin_with_interrupts();
  write_memory(kBell, 5);
  start();
  Doorbell doorbell(*kvm_);
  ASSERT_TRUE(doorbell.place_at({DoorbellPlace::Space::kMemory, kBell, 4, {}}));
  doorbell.remove();
  EXPECT_EQ(vcpu_->run(), 0);
  EXPECT_EQ(vcpu_->run_area().exit_reason, static_cast<std::uint32_t>(KVM_EXIT_MMIO));
  EXPECT_FALSE(is_readable(doorbell.descriptor()));
}

TEST_F(InterruptedGuest, TwoDoorbellsAtOnePlaceAreRefused) {
  Doorbell one(*kvm_);
  Doorbell two(*kvm_);
  EXPECT_TRUE(one.place_at({DoorbellPlace::Space::kMemory, kBell, 4, {}}));
  EXPECT_FALSE(two.place_at({DoorbellPlace::Space::kMemory, kBell, 4, {}}));
}

}  // namespace
}  // namespace virtsev::vmm::test
