// SPDX-License-Identifier: LGPL-2.1-or-later
// The first byte in which two regions differ.
#pragma once

#include <cstdint>
#include <optional>

#include "sevcore/launch/launch_plan.hpp"

namespace virtsev::cli {

struct ByteDifference {
  std::uint64_t offset = 0;  ///< In the region
  std::uint8_t here = 0;
  std::uint8_t there = 0;
};

/// Nothing where they are the same as far as both go. Reads each region up to twice, and holds a digest for
/// each page of one, not its bytes. Throws Error where a file can't be read.
std::optional<ByteDifference> first_different_byte(const sevcore::Region& here, const sevcore::Region& there);

}  // namespace virtsev::cli
