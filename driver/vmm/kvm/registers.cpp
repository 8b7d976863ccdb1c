// SPDX-License-Identifier: LGPL-2.1-or-later
// Between KVM's registers and the launch plan's or a debugger's. Segment attributes: AMD APM volume 2,
// section 15.5 (VMCB).
#include "driver/vmm/kvm/registers.hpp"

#include <array>
#include <tuple>

namespace virtsev::vmm {
namespace {

using sevcore::Segment;
using sevcore::VcpuState;

kvm_segment to_kvm(const Segment& segment) {
  const unsigned bits = segment.attributes;
  kvm_segment out{};
  out.base = segment.base;
  out.limit = segment.limit;
  out.selector = segment.selector;
  out.type = bits & 0xf;
  out.s = (bits >> 4) & 1;
  out.dpl = (bits >> 5) & 3;
  out.present = (bits >> 7) & 1;
  out.avl = (bits >> 8) & 1;
  out.l = (bits >> 9) & 1;
  out.db = (bits >> 10) & 1;
  out.g = (bits >> 11) & 1;
  out.unusable = out.present == 0 ? 1 : 0;
  return out;
}

Segment from_kvm(const kvm_segment& segment) {
  Segment out;
  out.base = segment.base;
  out.limit = segment.limit;
  out.selector = segment.selector;
  out.attributes = static_cast<std::uint16_t>(
      (segment.type & 0xfU) | (segment.s & 1U) << 4 | (segment.dpl & 3U) << 5 | (segment.present & 1U) << 7 |
      (segment.avl & 1U) << 8 | (segment.l & 1U) << 9 | (segment.db & 1U) << 10 | (segment.g & 1U) << 11);
  return out;
}

kvm_dtable to_table(const Segment& segment) {
  kvm_dtable out{};
  out.base = segment.base;
  out.limit = static_cast<std::uint16_t>(segment.limit);
  return out;
}

Segment from_table(const kvm_dtable& table) {
  return {.selector = 0, .attributes = 0, .limit = table.limit, .base = table.base};
}

/// The general registers in the order of control::VcpuRegisters.
constexpr std::array kGeneral = {
    &kvm_regs::rax, &kvm_regs::rbx, &kvm_regs::rcx, &kvm_regs::rdx, &kvm_regs::rsi, &kvm_regs::rdi,
    &kvm_regs::rbp, &kvm_regs::rsp, &kvm_regs::r8,  &kvm_regs::r9,  &kvm_regs::r10, &kvm_regs::r11,
    &kvm_regs::r12, &kvm_regs::r13, &kvm_regs::r14, &kvm_regs::r15,
};
static_assert(kGeneral.size() == std::tuple_size_v<decltype(control::VcpuRegisters::general)>);

}  // namespace

void put_state(const VcpuState& state, kvm_sregs& special, kvm_regs& general) {
  special.es = to_kvm(state.es);
  special.cs = to_kvm(state.cs);
  special.ss = to_kvm(state.ss);
  special.ds = to_kvm(state.ds);
  special.fs = to_kvm(state.fs);
  special.gs = to_kvm(state.gs);
  special.ldt = to_kvm(state.ldtr);
  special.tr = to_kvm(state.tr);
  special.gdt = to_table(state.gdtr);
  special.idt = to_table(state.idtr);
  special.efer = state.efer;
  special.cr0 = state.cr0;
  special.cr3 = state.cr3;
  special.cr4 = state.cr4;
  general = {};
  general.rflags = state.rflags;
  general.rip = state.rip;
  general.rax = state.rax;
  general.rbx = state.rbx;
  general.rcx = state.rcx;
  general.rdx = state.rdx;
  general.rsi = state.rsi;
  general.rdi = state.rdi;
  general.rbp = state.rbp;
  general.rsp = state.rsp;
}

VcpuState take_state(const kvm_sregs& special, const kvm_regs& general, std::uint64_t g_pat) {
  VcpuState state;
  state.es = from_kvm(special.es);
  state.cs = from_kvm(special.cs);
  state.ss = from_kvm(special.ss);
  state.ds = from_kvm(special.ds);
  state.fs = from_kvm(special.fs);
  state.gs = from_kvm(special.gs);
  state.ldtr = from_kvm(special.ldt);
  state.tr = from_kvm(special.tr);
  state.gdtr = from_table(special.gdt);
  state.idtr = from_table(special.idt);
  state.efer = special.efer;
  state.cr0 = special.cr0;
  state.cr3 = special.cr3;
  state.cr4 = special.cr4;
  state.rflags = general.rflags;
  state.rip = general.rip;
  state.rax = general.rax;
  state.rbx = general.rbx;
  state.rcx = general.rcx;
  state.rdx = general.rdx;
  state.rsi = general.rsi;
  state.rdi = general.rdi;
  state.rbp = general.rbp;
  state.rsp = general.rsp;
  state.g_pat = g_pat;
  return state;
}

control::VcpuRegisters to_control(const kvm_sregs& special, const kvm_regs& general) {
  control::VcpuRegisters registers;
  for (std::size_t i = 0; i < kGeneral.size(); ++i) {
    registers.general[i] = general.*kGeneral[i];
  }
  registers.rip = general.rip;
  registers.rflags = general.rflags;
  registers.selectors = {special.cs.selector, special.ss.selector, special.ds.selector,
                         special.es.selector, special.fs.selector, special.gs.selector};
  registers.fs_base = special.fs.base;
  registers.gs_base = special.gs.base;
  registers.cr0 = special.cr0;
  registers.cr2 = special.cr2;
  registers.cr3 = special.cr3;
  registers.cr4 = special.cr4;
  registers.cr8 = special.cr8;
  registers.efer = special.efer;
  return registers;
}

bool put_registers(const control::VcpuRegisters& registers, kvm_sregs& special, kvm_regs& general) {
  for (std::size_t i = 0; i < kGeneral.size(); ++i) {
    general.*kGeneral[i] = registers.general[i];
  }
  general.rip = registers.rip;
  general.rflags = registers.rflags;
  bool changed = false;
  const auto put = [&changed](auto& place, std::uint64_t value) {
    changed = changed || place != value;
    place = value;
  };
  put(special.fs.base, registers.fs_base);
  put(special.gs.base, registers.gs_base);
  put(special.cr0, registers.cr0);
  put(special.cr2, registers.cr2);
  put(special.cr3, registers.cr3);
  put(special.cr4, registers.cr4);
  put(special.cr8, registers.cr8);
  put(special.efer, registers.efer);
  return changed;
}

}  // namespace virtsev::vmm
