// SPDX-License-Identifier: LGPL-2.1-or-later
// The launch of a guest that QEMU starts through OVMF, from options.
#pragma once

#include "driver/cli/launch/expected_launch.hpp"

namespace virtsev::cli {

/// All but the plan. Throws Error naming the option at fault.
ExpectedLaunch from_firmware(const LaunchOptions& options);

}  // namespace virtsev::cli
