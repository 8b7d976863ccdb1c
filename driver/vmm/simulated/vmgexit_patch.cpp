// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/simulated/vmgexit_patch.hpp"

#include <algorithm>

#include "driver/vmm/simulated/vmgexit.hpp"

namespace virtsev::vmm {
namespace {

/// Addresses of 1 to 1: those of firmware's code.
std::uint64_t code_address(Vcpu& vcpu) { return linear_instruction_pointer(vcpu.save_registers()); }

}  // namespace

void patch_vmgexits(Vcpu& vcpu, const PrivateMemory& memory) {
  constexpr std::size_t kOverlap = kVmgexit.size() - 1;  // One may cross the end of a page
  const std::uint64_t here = code_address(vcpu);
  const std::uint64_t start = (here - std::min(here, kPatchedReach)) / kPageSize * kPageSize;
  Bytes bytes(kPageSize + kOverlap);
  for (std::uint64_t page = start; page < here + kPatchedReach; page += kPageSize) {
    MutableBytes code(bytes);
    if (!memory.read(GuestAddress(page), code)) {
      code = code.first(kPageSize);  // The last page of a memory, or none at all
      if (!memory.read(GuestAddress(page), code)) {
        continue;
      }
    }
    auto found = code.begin();
    while ((found = std::search(found, code.end(), kVmgexit.begin(), kVmgexit.end())) != code.end()) {
      (void)memory.write(GuestAddress(page + static_cast<std::uint64_t>(found - code.begin())),
                         kVmgexitPatch);
      ++found;
    }
  }
}

bool at_vmgexit_patch(Vcpu& vcpu, const PrivateMemory& memory) {
  ByteArray<kVmgexitPatch.size()> code{};
  return memory.read(GuestAddress(code_address(vcpu)), code) && code == kVmgexitPatch;
}

}  // namespace virtsev::vmm
