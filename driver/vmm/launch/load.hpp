// SPDX-License-Identifier: LGPL-2.1-or-later
// From the launch plan into guest memory.
#pragma once

#include "driver/vmm/memory/machine_memory.hpp"
#include "sevcore/launch/plan_steps.hpp"

namespace virtsev::vmm {

/// Copies a region's bytes to where the guest finds them: private memory if measured, shared memory if not. A
/// VMSA is the kernel's to make: nothing to do. Throws Error naming the region where it lies outside the
/// guest's memory.
void load(const sevcore::PlanStep& step, const MachineMemory& memory);

}  // namespace virtsev::vmm
