// SPDX-License-Identifier: LGPL-2.1-or-later
// A vCPU's initial registers, and the VMSA page that SEV-ES measures for them.
#pragma once

#include <array>
#include <cstdint>

#include "sevcore/base/bytes.hpp"

namespace virtsev::sevcore {

/// Which of the kernel's two ways of filling a VMSA applies: they differ in the FPU's control words (MXCSR,
/// x87 FCW), and so in the launch digest. kInit2: KVM_SEV_INIT2, Linux 6.10 and later; kLegacy:
/// KVM_SEV_ES_INIT.
enum class VmsaFlavour : std::uint8_t { kInit2 = 0, kLegacy = 1 };

/// A segment as the VMSA stores it (AMD APM volume 2, appendix B): attributes in bits 0-7 (type, S, DPL, P)
/// and 8-11 (AVL, L, D, G).
struct Segment {
  std::uint16_t selector = 0;
  std::uint16_t attributes = 0;
  std::uint32_t limit = 0;
  std::uint64_t base = 0;
  friend bool operator==(const Segment&, const Segment&) = default;
};

/// The registers that differ between a virtual machine's vCPUs at start. Defaults: the reset state as KVM
/// makes it (AMD APM volume 2, table 14-1).
struct VcpuState {
  Segment es{0, 0x93, 0xffff, 0};
  Segment cs{0xf000, 0x9b, 0xffff, 0xffff0000};
  Segment ss{0, 0x93, 0xffff, 0};
  Segment ds{0, 0x93, 0xffff, 0};
  Segment fs{0, 0x93, 0xffff, 0};
  Segment gs{0, 0x93, 0xffff, 0};
  Segment gdtr{0, 0, 0xffff, 0};
  Segment ldtr{0, 0x82, 0xffff, 0};
  Segment idtr{0, 0, 0xffff, 0};
  Segment tr{0, 0x8b, 0xffff, 0};
  std::uint64_t efer = 0;  ///< Without SVME, which KVM adds in the VMSA
  std::uint64_t cr0 = 0x10;
  std::uint64_t cr3 = 0;
  std::uint64_t cr4 = 0;  ///< Without MCE, which KVM adds in the VMSA
  std::uint64_t rflags = 2;
  std::uint64_t rip = 0xfff0;
  std::uint64_t rax = 0, rbx = 0, rcx = 0, rdx = 0, rsi = 0, rdi = 0, rbp = 0, rsp = 0;
  std::uint64_t g_pat = 0x0007040600070406;
  friend bool operator==(const VcpuState&, const VcpuState&) = default;
};

/// The VMSA page that KVM hands to LAUNCH_UPDATE_VMSA for a vCPU in that state. `sev_features`: offset 0x3B0.
ByteArray<4096> vmsa_page(const VcpuState& state, VmsaFlavour flavour, std::uint64_t sev_features = 0);

}  // namespace virtsev::sevcore
