// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/memory/shared_memory.hpp"

#include <algorithm>

namespace virtsev::vmm {

Result<std::vector<iovec>, DmaFault> SharedMemory::iovecs(std::span<const DmaSegment> segments) const {
  std::vector<iovec> pieces;
  for (DmaSegment left : segments) {
    while (left.size > 0) {
      const MutableBytes there = piece_at(left.start);
      if (there.empty()) {
        return unexpected(DmaFault::kNotShared);
      }
      if (pieces.size() == kMostPieces) {
        return unexpected(DmaFault::kTooLong);
      }
      const std::uint64_t size = std::min<std::uint64_t>(there.size(), left.size);
      pieces.push_back({there.data(), size});
      left = {left.start + size, left.size - size};
    }
  }
  return pieces;
}

}  // namespace virtsev::vmm
