// SPDX-License-Identifier: LGPL-2.1-or-later
// A launch plan written out, so that a difference of one byte shows as a difference of one line.
#pragma once

#include <string>

#include "sevcore/launch/launch_plan.hpp"

namespace virtsev::boot::test {

/// Regions in order, with every 16 bytes that are not all zero; of files' regions the size only; the vCPUs'
/// VMSA pages where they are measured; the launch digest.
std::string describe(const sevcore::LaunchPlan& plan);

}  // namespace virtsev::boot::test
