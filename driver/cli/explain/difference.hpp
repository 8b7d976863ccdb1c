// SPDX-License-Identifier: LGPL-2.1-or-later
// Where two launches first differ, and why. "Here" is the one that is explained, "there" the one that it is
// held against.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "driver/cli/explain/explanation.hpp"

namespace virtsev::cli {

/// What differs in a step; the first of these that does.
enum class DifferenceKind : std::uint8_t { kOnlyHere, kOnlyThere, kAddress, kSize, kType, kBytes };

struct Difference {
  DifferenceKind kind = DifferenceKind::kBytes;
  std::size_t index = 0;                 ///< Of the step, from 0, in the launch that has it
  const ExplainedStep* here = nullptr;   ///< Null for kOnlyThere
  const ExplainedStep* there = nullptr;  ///< Null for kOnlyHere
};

/// Nothing where all steps are the same. Points into both explanations.
std::optional<Difference> first_difference(const PlanExplanation& here, const PlanExplanation& there);

/// What explains differences: each input, and kernel and initrd, that is not the same, in a sentence for
/// people.
std::vector<std::string> causes(const PlanExplanation& here, const PlanExplanation& there);

}  // namespace virtsev::cli
