// SPDX-License-Identifier: LGPL-2.1-or-later
// The VMSA page as KVM fills it (layout: AMD APM volume 2, appendix B, table B-4; contents: Linux,
// arch/x86/kvm/svm).
#include "sevcore/launch/vcpu_state.hpp"

namespace virtsev::sevcore {
namespace {

constexpr std::uint64_t kEferSvme = std::uint64_t{1} << 12;  // KVM runs every guest with it set
constexpr std::uint64_t kCr4Mce = std::uint64_t{1}
                                  << 6;  // KVM takes it from the host, and Linux hosts set it
constexpr std::uint64_t kCr0CacheBits =
    0x6000'0000;  // CD and NW: KVM clears them (quirk CD_NW_CLEARED, on by default)

void put_segment(MutableBytes page, std::size_t offset, const Segment& segment) {
  put_le(page, offset, segment.selector);
  put_le(page, offset + 2, segment.attributes);
  put_le(page, offset + 4, segment.limit);
  put_le(page, offset + 8, segment.base);
}

}  // namespace

ByteArray<4096> vmsa_page(const VcpuState& state, VmsaFlavour flavour, std::uint64_t sev_features) {
  ByteArray<4096> page{};
  put_segment(page, 0x00, state.es);
  put_segment(page, 0x10, state.cs);
  put_segment(page, 0x20, state.ss);
  put_segment(page, 0x30, state.ds);
  put_segment(page, 0x40, state.fs);
  put_segment(page, 0x50, state.gs);
  put_segment(page, 0x60, state.gdtr);
  put_segment(page, 0x70, state.ldtr);
  put_segment(page, 0x80, state.idtr);
  put_segment(page, 0x90, state.tr);
  page[0xcb] = static_cast<std::uint8_t>((state.ss.attributes >> 5) & 3);  // CPL is the stack segment's DPL
  put_le(page, 0xd0, state.efer | kEferSvme);
  put_le(page, 0x148, state.cr4 | kCr4Mce);
  put_le(page, 0x150, state.cr3);
  put_le(page, 0x158, state.cr0 & ~kCr0CacheBits);
  put_le<std::uint64_t>(page, 0x160, 0x400);        // DR7 at reset
  put_le<std::uint64_t>(page, 0x168, 0xffff'0ff0);  // DR6 at reset
  put_le(page, 0x170, state.rflags);
  put_le(page, 0x178, state.rip);
  put_le(page, 0x1d8, state.rsp);
  put_le(page, 0x1f8, state.rax);
  put_le(page, 0x268, state.g_pat);
  put_le(page, 0x308, state.rcx);
  put_le(page, 0x310, state.rdx);
  put_le(page, 0x318, state.rbx);
  put_le(page, 0x328, state.rbp);
  put_le(page, 0x330, state.rsi);
  put_le(page, 0x338, state.rdi);
  put_le(page, 0x3b0, sev_features);
  put_le<std::uint64_t>(page, 0x3e8, 1);  // XCR0: x87
  if (flavour == VmsaFlavour::kInit2) {   // KVM_SEV_ES_INIT does not copy the FPU's state
    put_le<std::uint32_t>(page, 0x408, 0x1f80);
    put_le<std::uint16_t>(page, 0x410, 0x037f);
  }
  return page;
}

}  // namespace virtsev::sevcore
