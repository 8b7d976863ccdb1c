// SPDX-License-Identifier: LGPL-2.1-or-later
// The drawing's left part: guest memory, from address 0 down the page.
#pragma once

#include "driver/cli/explain/difference.hpp"
#include "driver/cli/explain/explanation.hpp"
#include "driver/cli/svg/document.hpp"

namespace virtsev::cli::drawing {

/// Returns the height at which it ends.
double draw_memory(svg::Document& out, const PlanExplanation& explanation, const Difference* difference);

}  // namespace virtsev::cli::drawing
