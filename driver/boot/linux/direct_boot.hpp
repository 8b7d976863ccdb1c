// SPDX-License-Identifier: LGPL-2.1-or-later
// The plan of a direct Linux boot.
#pragma once

#include "driver/spec/machine.hpp"
#include "sevcore/launch/launch_plan.hpp"

namespace virtsev::boot {

/// Boot parameters, command line, ACPI tables, the secret's page, kernel and initrd, all encrypted and
/// measured, and the vCPUs' initial registers. Throws Error naming the file or value at fault: a kernel that
/// is not a bzImage, an initrd that does not fit, a file that is not a regular file.
sevcore::LaunchPlan compose_direct_boot(const spec::Machine& machine, const spec::Payload& payload);

}  // namespace virtsev::boot
