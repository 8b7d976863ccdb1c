// SPDX-License-Identifier: LGPL-2.1-or-later
// Guest memory from address 0 to its end, cut into bands: what a plan loads, and what lies between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "driver/cli/explain/difference.hpp"
#include "driver/cli/explain/explanation.hpp"

namespace virtsev::cli {

enum class BandKind : std::uint8_t {
  kRegion,   ///< A step of the plan
  kSecret,   ///< Where the launch secret goes, outside every region
  kMissing,  ///< A region that only the other plan has
  kFree,     ///< Nothing is loaded here
  kHole      ///< No memory: devices, or nothing
};

struct Band {
  BandKind kind = BandKind::kFree;
  std::uint64_t start = 0;              ///< Guest physical
  std::uint64_t end = 0;                ///< The first address behind it
  const ExplainedStep* step = nullptr;  ///< For kRegion and kMissing
};

/// In the order of addresses, without gaps. Points into the explanation, and into `difference`, which may be
/// null. Of a guest that QEMU starts the plan does not know where memory ends: its bands end with the last
/// region.
std::vector<Band> memory_bands(const PlanExplanation& explanation, const Difference* difference);

}  // namespace virtsev::cli
