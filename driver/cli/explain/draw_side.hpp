// SPDX-License-Identifier: LGPL-2.1-or-later
// The drawing's right part: what is measured of the vCPUs, and what the colours mean.
#pragma once

#include "driver/cli/explain/difference.hpp"
#include "driver/cli/explain/explanation.hpp"
#include "driver/cli/svg/document.hpp"

namespace virtsev::cli::drawing {

/// Both return the height at which they end. vCPUs in a row whose state is the same share a card.
double draw_vcpus(svg::Document& out, double y, const PlanExplanation& explanation,
                  const Difference* difference);
double draw_legend(svg::Document& out, double y, const PlanExplanation& explanation);

}  // namespace virtsev::cli::drawing
