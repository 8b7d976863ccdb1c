// SPDX-License-Identifier: LGPL-2.1-or-later
// From the launch plan into guest memory.
#pragma once

#include "driver/vmm/memory/machine_memory.hpp"
#include "sevcore/launch/launch_plan.hpp"

namespace virtsev::vmm {

/// Is the region one that the firmware encrypts and measures, with LAUNCH_UPDATE_DATA?
bool is_measured(const sevcore::Region& region);

/// Copies the region's bytes to where the guest finds them: private memory if measured, shared memory if not.
/// Throws Error naming the region where it lies outside the guest's memory.
void load(const sevcore::Region& region, const MachineMemory& memory);

}  // namespace virtsev::vmm
