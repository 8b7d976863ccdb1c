// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/simulated/vmgexit.hpp"

namespace virtsev::vmm {
namespace {

constexpr std::uint64_t kLongModeActive = 1ULL << 10;  // EFER.LMA
constexpr std::uint64_t kLowHalf = 0xffffffff;

bool is_64_bit(const SavedRegisters& registers) {
  return (registers.special.efer & kLongModeActive) != 0 && registers.special.cs.l != 0;
}

}  // namespace

std::uint64_t linear_instruction_pointer(const SavedRegisters& registers) {
  return is_64_bit(registers) ? registers.general.rip
                              : (registers.special.cs.base + registers.general.rip) & kLowHalf;
}

bool at_vmgexit(Vcpu& vcpu, const ReadAsGuest& read) {
  const std::uint64_t start = linear_instruction_pointer(vcpu.save_registers());
  // Byte by byte: the instruction may cross a page.
  for (std::size_t i = 0; i < kVmgexit.size(); ++i) {
    const std::optional<GuestAddress> address = vcpu.translate(start + i);
    ByteArray<1> byte{};
    if (!address || !read(*address, byte) || byte[0] != kVmgexit[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace virtsev::vmm
