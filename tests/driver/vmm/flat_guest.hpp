// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest on real KVM with nothing around it: 32-bit code of some instructions, with paging off, that speaks
// through a port.
#pragma once

#include <csignal>
#include <initializer_list>
#include <optional>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/time.h>

#include "driver/vmm/kvm/kvm_vcpu.hpp"
#include "driver/vmm/memory/host_memory.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::vmm::test {

inline constexpr std::uint8_t kReady = 'r';
inline constexpr std::uint8_t kPort = 0x10;

// The guest's memory.
inline constexpr std::uint64_t kGdt = 0x1000;
inline constexpr std::uint64_t kIdt = 0x2000;
inline constexpr std::uint64_t kStackEnd = 0x7000;
inline constexpr std::uint64_t kCode = 0x8000;
inline constexpr std::uint64_t kHandlers = 0x9000;
inline constexpr std::uint64_t kMemorySize = 0x10000;
inline constexpr std::uint16_t kCodeSelector = 0x10;
inline constexpr std::uint16_t kDataSelector = 0x18;

/// KVM_RUN comes back with EINTR then, and a test that waits in vain fails.
inline void interrupt_after_10_seconds() {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  ::sigaction(SIGALRM, &action, nullptr);
  const itimerval when{{1, 0}, {10, 0}};
  ::setitimer(ITIMER_REAL, &when, nullptr);
}

class FlatGuest : public testing::Test {
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
    put(kGdt + kCodeSelector, 0x00cf9b000000ffff);
    put(kGdt + kDataSelector, 0x00cf93000000ffff);
  }
  void TearDown() override {
    const itimerval off{};
    ::setitimer(ITIMER_REAL, &off, nullptr);
  }

  void put(std::uint64_t address, std::uint64_t value) {
    put_le(MutableBytes(memory_.data(), kMemorySize), address, value);
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
  /// Where the code begins.
  void begin() { at_ = kCode; }
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
};

}  // namespace virtsev::vmm::test
