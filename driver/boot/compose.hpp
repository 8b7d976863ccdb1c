// SPDX-License-Identifier: LGPL-2.1-or-later
// The one way from a machine to a launch plan.
#pragma once

#include "driver/spec/machine.hpp"
#include "sevcore/launch/launch_plan.hpp"

namespace virtsev::boot {

/// A pure function of the machine and its files' bytes. The plan borrows the machine's descriptors. Throws
/// Error naming the file or value at fault.
sevcore::LaunchPlan compose(const spec::Machine& machine);

}  // namespace virtsev::boot
