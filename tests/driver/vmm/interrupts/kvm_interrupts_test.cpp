// SPDX-License-Identifier: LGPL-2.1-or-later
// Lines, messages and doorbells on real KVM: a guest of some instructions is interrupted, and rings.
#include "driver/vmm/interrupts/kvm_interrupts.hpp"

#include <csignal>
#include <initializer_list>
#include <optional>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/time.h>

#include "driver/vmm/interrupts/interrupts.hpp"
#include "driver/vmm/kvm/kvm_vcpu.hpp"
#include "driver/vmm/memory/host_memory.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::vmm::test {
namespace {

constexpr std::uint32_t kPin = 9;
constexpr std::uint8_t kVector = 0x41;
constexpr std::uint8_t kOtherVector = 0x42;
constexpr std::uint8_t kReady = 'r';
constexpr std::uint8_t kPort = 0x10;
constexpr std::uint64_t kBell = layout::kPlatformMmio.start.value();

// The guest's memory.
constexpr std::uint64_t kGdt = 0x1000;
constexpr std::uint64_t kIdt = 0x2000;
constexpr std::uint64_t kStackEnd = 0x7000;
constexpr std::uint64_t kCode = 0x8000;
constexpr std::uint64_t kHandlers = 0x9000;
constexpr std::uint64_t kMemorySize = 0x10000;
constexpr std::uint16_t kCodeSelector = 0x10;
constexpr std::uint16_t kDataSelector = 0x18;

bool is_readable(int fd) {
  pollfd poll_fd{fd, POLLIN, 0};
  return ::poll(&poll_fd, 1, 0) == 1;
}

/// KVM_RUN comes back with EINTR then, and a test that waits in vain fails.
void interrupt_after_10_seconds() {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  ::sigaction(SIGALRM, &action, nullptr);
  const itimerval when{{1, 0}, {10, 0}};
  ::setitimer(ITIMER_REAL, &when, nullptr);
}

/// 32-bit code, with paging off.
class InterruptedGuest : public testing::Test {
 protected:
  void SetUp() override {
    UniqueFd kvm(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
    if (!kvm) {
      GTEST_SKIP() << "/dev/kvm can't be opened for reading and writing here";
    }
    interrupt_after_10_seconds();
    const KvmHost host(std::move(kvm));
    vm_.emplace(host, 0UL);
    vm_->set_intel_pages(layout::kKvmIdentityMap.start, layout::kKvmTss.start);
    vm_->create_interrupt_controllers(layout::kIoApicPins);
    vm_->set_memory_slot(0, GuestAddress(0), kMemorySize, memory_.data());
    vcpu_.emplace(host, *vm_, 0);
    vcpu_->set_cpuid(host.supported_cpuid());
    kvm_.emplace(*vm_, layout::kIoApicPins);
    interrupts_.emplace(*kvm_, layout::kIoApicPins);
    put(kGdt + kCodeSelector, 0x00cf9b000000ffff);
    put(kGdt + kDataSelector, 0x00cf93000000ffff);
    put_handler(kVector, kHandlers);
    put_handler(kOtherVector, kHandlers + 0x100);
  }
  void TearDown() override {
    const itimerval off{};
    ::setitimer(ITIMER_REAL, &off, nullptr);
  }

  void put(std::uint64_t address, std::uint64_t value) {
    put_le(MutableBytes(memory_.data(), kMemorySize), address, value);
  }
  /// Says its vector, ends the interrupt, goes back.
  void put_handler(std::uint8_t vector, std::uint64_t address) {
    put(kIdt + 8ULL * vector, (address & 0xffff) | std::uint64_t{kCodeSelector} << 16 | 0x8e00ULL << 32);
    at_ = address;
    say(vector);
    write_memory(layout::kLocalApic.start.value() + 0xb0, 0);  // EOI
    code({0xcf});                                              // iret
  }

  void code(std::initializer_list<std::uint8_t> bytes) {
    for (const std::uint8_t byte : bytes) {
      memory_.data()[at_++] = byte;
    }
  }
  void word(std::uint64_t value) {
    for (int i = 0; i < 4; ++i) {
      code({static_cast<std::uint8_t>(value >> 8 * i)});
    }
  }
  void say(std::uint8_t byte) { code({0xb0, byte, 0xe6, kPort}); }  // mov al, byte; out kPort, al
  void write_memory(std::uint64_t address, std::uint32_t value) {   // mov dword [address], value
    code({0xc7, 0x05});
    word(address);
    word(value);
  }
  void begin() {
    at_ = kCode;
    write_memory(layout::kLocalApic.start.value() + 0xf0, 0x1ff);  // Spurious interrupt vector; enabled
  }
  /// For ever: lets interrupts in, and waits for one.
  void wait_for_interrupts() { code({0xfb, 0xf4, 0xeb, 0xfc}); }  // sti; hlt; jmp

  void start() {
    const sevcore::Segment flat_data{kDataSelector, 0xc93, 0xffffffff, 0};
    sevcore::VcpuState state;
    state.cs = {kCodeSelector, 0xc9b, 0xffffffff, 0};
    state.ds = state.es = state.ss = state.fs = state.gs = flat_data;
    state.gdtr = {0, 0, 0x1f, kGdt};
    state.idtr = {0, 0, 0x7ff, kIdt};
    state.cr0 = 0x11;
    state.rip = kCode;
    state.rsp = kStackEnd;
    vcpu_->set_state(state);
  }
  /// What the guest says next.
  int next() {
    const int error = vcpu_->run();
    const kvm_run& area = vcpu_->run_area();
    if (error != 0 || area.exit_reason != KVM_EXIT_IO) {
      ADD_FAILURE() << "errno " << error << ", exit " << area.exit_reason;
      return -1;
    }
    return *vcpu_->run_data(area.io.data_offset, 1);
  }

  HostMemory memory_ = HostMemory::own(kMemorySize);
  std::uint64_t at_ = 0;
  std::optional<KvmVm> vm_;
  std::optional<KvmVcpu> vcpu_;
  std::optional<KvmInterrupts> kvm_;
  std::optional<Interrupts> interrupts_;
};

TEST_F(InterruptedGuest, ALineInterruptsAtEachEdge) {
  begin();
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
  begin();
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
  begin();
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
  begin();
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
  begin();
  code({0xb0, 1, 0xe6, 0x20});  // mov al, 1; out 0x20, al
  say(kReady);
  start();
  Doorbell doorbell(*kvm_);
  ASSERT_TRUE(doorbell.place_at({DoorbellPlace::Space::kPorts, 0x20, 1, {}}));
  EXPECT_EQ(next(), kReady);
  EXPECT_TRUE(is_readable(doorbell.descriptor()));
}

TEST_F(InterruptedGuest, ADoorbellThatHasGoneLetsTheGuestExit) {
  begin();
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
