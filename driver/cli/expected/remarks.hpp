// SPDX-License-Identifier: LGPL-2.1-or-later
// What the owner should know of a prediction, on standard error.
#pragma once

#include "driver/cli/expected/expected_launch.hpp"

namespace virtsev::cli {

void note_remarks(const ExpectedLaunch& launch);

/// The same, and which VMSA was taken where --vmsa did not say: for commands that show one prediction.
void note_remarks_and_vmsa(const ExpectedLaunch& launch);

}  // namespace virtsev::cli
