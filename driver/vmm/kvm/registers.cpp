// SPDX-License-Identifier: LGPL-2.1-or-later
// Between the launch plan's registers and KVM's. Segment attributes: AMD APM volume 2, section 15.5 (VMCB).
#include "driver/vmm/kvm/registers.hpp"

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

}  // namespace virtsev::vmm
