// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/linux/entry_state.hpp"

#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::boot {
namespace {

// Attributes as sevcore::Segment has them: present, accessed, 32-bit, limit in pages.
constexpr sevcore::Segment kFlatCode{kBootCodeSelector, 0xc9b, 0xffffffff, 0};
constexpr sevcore::Segment kFlatData{kBootDataSelector, 0xc93, 0xffffffff, 0};
/// Three descriptors and the empty one at 0x08: 0 to 0x1f.
constexpr std::uint32_t kGdtLimit = kBootDataSelector + 7;
constexpr std::uint64_t kCr0ProtectedMode = 0x11;  // PE, ET

sevcore::VcpuState boot_vcpu() {
  sevcore::VcpuState state;
  state.cs = kFlatCode;
  state.ds = state.es = state.ss = state.fs = state.gs = kFlatData;
  state.gdtr = {0, 0, kGdtLimit, layout::kGdt.start.value()};
  state.idtr = {0, 0, 0, 0};
  state.cr0 = kCr0ProtectedMode;
  state.rip = layout::kKernel.value();
  state.rsi = layout::kBootParams.start.value();
  return state;
}

}  // namespace

std::vector<sevcore::VcpuState> entry_states(std::uint32_t vcpus) {
  std::vector<sevcore::VcpuState> states(vcpus);
  if (!states.empty()) {
    states.front() = boot_vcpu();
  }
  return states;
}

}  // namespace virtsev::boot
