// SPDX-License-Identifier: LGPL-2.1-or-later
// Which numbers of interrupts are in use.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace virtsev::vmm {

/// Not locked: its one user, Interrupts, has a lock.
class GsiAllocator {
 public:
  /// Numbers from 0 to `lines` - 1 are pins, which are asked for by number; those from there to `count` - 1
  /// are given as they come.
  GsiAllocator(std::uint32_t lines, std::uint32_t count) : lines_(lines), taken_(count) {}

  /// False: there is no such pin, or somebody has it.
  [[nodiscard]] bool take_line(std::uint32_t gsi) {
    if (gsi >= lines_ || taken_[gsi]) {
      return false;
    }
    taken_[gsi] = true;
    return true;
  }
  /// The lowest that is free, of those that are no pins.
  [[nodiscard]] std::optional<std::uint32_t> take_any() {
    for (std::uint32_t gsi = lines_; gsi < taken_.size(); ++gsi) {
      if (!taken_[gsi]) {
        taken_[gsi] = true;
        return gsi;
      }
    }
    return std::nullopt;
  }
  void give_back(std::uint32_t gsi) { taken_[gsi] = false; }

 private:
  std::uint32_t lines_;
  std::vector<bool> taken_;
};

}  // namespace virtsev::vmm
