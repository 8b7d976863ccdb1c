// SPDX-License-Identifier: LGPL-2.1-or-later
// Registers survive the way to KVM's structures and back, bit by bit.
#include "driver/vmm/kvm/registers.hpp"

#include <array>

#include <gtest/gtest.h>

namespace virtsev::vmm::test {
namespace {

using sevcore::VcpuState;

VcpuState round_trip(const VcpuState& state) {
  kvm_sregs special{};
  kvm_regs general{};
  put_state(state, special, general);
  return take_state(special, general, state.g_pat);
}

TEST(Registers, TheResetStateSurvives) { EXPECT_EQ(round_trip(VcpuState{}), VcpuState{}); }

TEST(Registers, EveryRegisterSurvives) {
  VcpuState state;
  std::uint64_t value = 0x1000;
  for (sevcore::Segment* segment :
       {&state.es, &state.cs, &state.ss, &state.ds, &state.fs, &state.gs, &state.ldtr, &state.tr}) {
    segment->selector = static_cast<std::uint16_t>(value);
    segment->base = value << 20;
    segment->limit = static_cast<std::uint32_t>(value * 7);
    ++value;
  }
  state.gdtr.base = 0x6000;
  state.gdtr.limit = 31;
  state.idtr.base = 0x7000;
  state.idtr.limit = 63;
  for (std::uint64_t* number :
       {&state.efer, &state.cr0, &state.cr3, &state.cr4, &state.rflags, &state.rip, &state.rax, &state.rbx,
        &state.rcx, &state.rdx, &state.rsi, &state.rdi, &state.rbp, &state.rsp}) {
    *number = ++value;
  }
  EXPECT_EQ(round_trip(state), state);
}

TEST(Registers, EverySegmentAttributeSurvives) {
  for (unsigned bit = 0; bit < 12; ++bit) {
    VcpuState state;
    state.cs.attributes = static_cast<std::uint16_t>(1U << bit);
    EXPECT_EQ(round_trip(state), state) << "attribute bit " << bit;
  }
}

TEST(Registers, ASegmentThatIsNotPresentIsUnusable) {
  VcpuState state;
  state.fs.attributes = 0;
  kvm_sregs special{};
  kvm_regs general{};
  put_state(state, special, general);
  EXPECT_EQ(special.fs.unusable, 1);
  EXPECT_EQ(special.ds.unusable, 0);
}

TEST(Registers, WhatAPlanDoesNotHaveStaysKvms) {
  kvm_sregs special{};
  kvm_regs general{};
  special.apic_base = 0xfee00900;
  special.cr8 = 3;
  put_state(VcpuState{}, special, general);
  EXPECT_EQ(special.apic_base, 0xfee00900U);
  EXPECT_EQ(special.cr8, 3U);
}

/// Each register has a value of its own.
control::VcpuRegisters distinct_registers() {
  control::VcpuRegisters registers;
  std::uint64_t value = 0x1122334455667700;
  for (std::uint64_t& general : registers.general) {
    general = ++value;
  }
  for (std::uint64_t* number :
       {&registers.rip, &registers.rflags, &registers.fs_base, &registers.gs_base, &registers.cr0,
        &registers.cr2, &registers.cr3, &registers.cr4, &registers.cr8, &registers.efer}) {
    *number = ++value;
  }
  return registers;
}

TEST(Registers, ADebuggerFindsEachAtItsPlace) {
  kvm_sregs special{};
  kvm_regs general{};
  general.rax = 1;
  general.rbx = 2;
  general.rcx = 3;
  general.rdx = 4;
  general.rsi = 5;
  general.rdi = 6;
  general.rbp = 7;
  general.rsp = 8;
  general.r8 = 9;
  general.r15 = 16;
  special.cs.selector = 0x10;
  special.ss.selector = 0x18;
  special.ds.selector = 0x20;
  special.es.selector = 0x28;
  special.fs.selector = 0x30;
  special.gs.selector = 0x38;
  special.gs.base = 0xffff888000000000;
  const control::VcpuRegisters registers = to_control(special, general);
  for (std::size_t i = 0; i < 9; ++i) {
    EXPECT_EQ(registers.general[i], i + 1);
  }
  EXPECT_EQ(registers.general[15], 16U);
  EXPECT_EQ(registers.selectors, (std::array<std::uint32_t, 6>{0x10, 0x18, 0x20, 0x28, 0x30, 0x38}));
  EXPECT_EQ(registers.gs_base, 0xffff888000000000U);
}

TEST(Registers, WhatADebuggerWritesIsWhatItReads) {
  kvm_sregs special{};
  kvm_regs general{};
  EXPECT_TRUE(put_registers(distinct_registers(), special, general));
  EXPECT_EQ(to_control(special, general), distinct_registers());
}

TEST(Registers, ADebuggerLeavesSelectorsAndAllThatItDoesNotKnow) {
  kvm_sregs special{};
  kvm_regs general{};
  special.cs.selector = 0x10;
  special.fs.limit = 0xffff;
  special.apic_base = 0xfee00900;
  special.interrupt_bitmap[1] = 4;
  control::VcpuRegisters registers = distinct_registers();
  registers.selectors.fill(0x77);
  put_registers(registers, special, general);
  EXPECT_EQ(special.cs.selector, 0x10);
  EXPECT_EQ(special.fs.selector, 0);
  EXPECT_EQ(special.fs.limit, 0xffffU);
  EXPECT_EQ(special.apic_base, 0xfee00900U);
  EXPECT_EQ(special.interrupt_bitmap[1], 4U);
}

TEST(Registers, OnlyAChangeOfASpecialOneIsToldAsSuch) {
  kvm_sregs special{};
  kvm_regs general{};
  put_registers(distinct_registers(), special, general);
  control::VcpuRegisters registers = distinct_registers();
  registers.general.fill(0);
  registers.rip = registers.rflags = 0;
  registers.selectors.fill(0x77);
  EXPECT_FALSE(put_registers(registers, special, general));
  for (std::uint64_t* number : {&registers.fs_base, &registers.gs_base, &registers.cr0, &registers.cr2,
                                &registers.cr3, &registers.cr4, &registers.cr8, &registers.efer}) {
    ++*number;
    EXPECT_TRUE(put_registers(registers, special, general));
    EXPECT_FALSE(put_registers(registers, special, general));
  }
}

}  // namespace
}  // namespace virtsev::vmm::test
