// SPDX-License-Identifier: LGPL-2.1-or-later
// From the launch plan into guest memory.
#include "driver/vmm/launch/load.hpp"

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {

bool is_measured(const sevcore::Region& region) { return region.type == sevcore::PageType::kNormal; }

void load(const sevcore::Region& region, const MachineMemory& memory) {
  const GuestMemory& into = is_measured(region) ? memory.private_memory() : memory.shared_memory();
  std::uint64_t done = 0;
  sevcore::read_region(region, [&](ByteView piece) {
    if (!into.write(region.address + done, piece)) {
      throw Error(
          ErrorCode::kConfigUnsupported,
          text(
              "The {} ({} bytes at {:#x}) does not fit into the guest's memory; give the guest more <memory>",
              region.name, region.size, region.address.value()));
    }
    done += piece.size();
  });
}

}  // namespace virtsev::vmm
