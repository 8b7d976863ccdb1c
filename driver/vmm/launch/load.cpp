// SPDX-License-Identifier: LGPL-2.1-or-later
// From the launch plan into guest memory.
#include "driver/vmm/launch/load.hpp"

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {

void load(const sevcore::PlanStep& step, const MachineMemory& memory) {
  if (!step.address) {
    return;
  }
  const GuestMemory* into = &memory.shared_memory();
  if (step.measured || !into->contains(*step.address, step.size)) {
    into = &memory.private_memory();  // The same memory in an ordinary guest, with the firmware's
  } else {
    memory.share(*step.address, step.size);
  }
  std::uint64_t done = 0;
  sevcore::read_step(step, [&](ByteView piece) {
    if (!into->write(*step.address + done, piece)) {
      throw Error(
          ErrorCode::kConfigUnsupported,
          text(
              "the {} ({} bytes at {:#x}) does not fit into the guest's memory; give the guest more <memory>",
              step.name, step.size, step.address->value()));
    }
    done += piece.size();
  });
}

}  // namespace virtsev::vmm
