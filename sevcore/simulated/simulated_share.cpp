// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/simulated/simulated_share.hpp"

namespace virtsev::sevcore {

std::optional<std::uint32_t> AsidSet::take(std::uint32_t first, std::uint32_t last) {
  const std::lock_guard lock(mutex_);
  for (std::uint32_t asid = first; asid <= last; ++asid) {
    if (taken_.insert(asid).second) {
      return asid;
    }
  }
  return std::nullopt;
}

void AsidSet::give_back(std::uint32_t asid) {
  const std::lock_guard lock(mutex_);
  taken_.erase(asid);
}

}  // namespace virtsev::sevcore
