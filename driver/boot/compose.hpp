// SPDX-License-Identifier: LGPL-2.1-or-later
// The one way from a boot specification to a launch plan.
#pragma once

#include "driver/spec/boot_specification.hpp"
#include "sevcore/launch/launch_plan.hpp"

namespace virtsev::boot {

/// Composes the plan of a direct Linux boot: boot parameters, command line, ACPI tables, the secret's page,
/// kernel and initrd, all encrypted and measured, and the vCPUs' initial registers. A pure function of the
/// specification and the files' bytes. The plan borrows the specification's descriptors. Throws Error naming
/// the file or value at fault: a kernel that is no bzImage, an initrd that does not fit, a file that is no
/// regular file.
sevcore::LaunchPlan compose(const spec::BootSpecification& specification);

}  // namespace virtsev::boot
