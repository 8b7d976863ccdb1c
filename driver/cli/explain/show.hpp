// SPDX-License-Identifier: LGPL-2.1-or-later
// An explanation, and a comparison of two, for people.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "driver/cli/explain/difference.hpp"
#include "driver/cli/explain/explanation.hpp"
#include "driver/cli/explain/first_byte.hpp"

namespace virtsev::cli {

/// Lines, the last one without its end.
std::string show(const PlanExplanation& explanation);

/// One sentence; `byte` where it is known.
std::string show(const Difference& difference, const std::optional<ByteDifference>& byte);

}  // namespace virtsev::cli
