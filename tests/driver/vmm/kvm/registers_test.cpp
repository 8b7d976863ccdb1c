// SPDX-License-Identifier: LGPL-2.1-or-later
// Registers survive the way to KVM's structures and back, bit by bit.
#include "driver/vmm/kvm/registers.hpp"

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

}  // namespace
}  // namespace virtsev::vmm::test
