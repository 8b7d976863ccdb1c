// SPDX-License-Identifier: LGPL-2.1-or-later
// A launch plan as a drawing, for people who would rather look.
#pragma once

#include <string>

#include "driver/cli/explain/difference.hpp"
#include "driver/cli/explain/explanation.hpp"

namespace virtsev::cli {

/// SVG 1.1: guest memory with its regions, gaps compressed, the vCPUs' state beside it, a legend, and the
/// launch digest. Where `difference` is not null, the step that first differs from another plan is marked,
/// and `sentence` says how.
std::string draw(const PlanExplanation& explanation, const Difference* difference,
                 const std::string& sentence);

}  // namespace virtsev::cli
