// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes what is measured, so that other tools can compute the same digest.
#pragma once

#include <string>

#include "sevcore/launch/launch_plan.hpp"

namespace virtsev::cli {

/// regions.bin: every measured region in order, padding included. vmsaN.bin: the VMSA page of vCPU N, for
/// SEV-ES. SHA-256 over regions.bin, vmsa0.bin, vmsa1.bin, ... is the launch digest. Makes the directory, and
/// removes the VMSAs that an earlier dump of more vCPUs left there.
/// Throws Error.
void dump(const sevcore::LaunchPlan& plan, const std::string& directory);

}  // namespace virtsev::cli
