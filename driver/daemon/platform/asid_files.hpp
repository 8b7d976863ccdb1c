// SPDX-License-Identifier: LGPL-2.1-or-later
// The ASIDs of a simulated host. virtsevd alone gives them: it locks a file for each (lib/platform/asids/N,
// flock(2)), and hands the locked descriptor to the monitor, which keeps it open. The lock goes with the last
// copy of the descriptor, however its holder ends, and outlives virtsevd. The descriptor is open for reading:
// a monitor can let go of its own ASID through it, and do nothing else; and virtsevd remembers which guest
// has which (Run::asid), so that one that was let go of is not given twice.
#pragma once

#include <cstdint>
#include <optional>
#include <set>

#include "driver/daemon/files/layout.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon {

struct GivenAsid {
  std::uint32_t asid = 0;  ///< 0: none
  UniqueFd lock;
};

/// The lowest free one from `first` to `last`, and none in `taken`; nothing where all are taken. Those that
/// monitors of the control protocol's version 3 hold count: they lock bytes of lib/platform/state. Throws
/// Error(kSystemError) where a file can't be made or locked.
std::optional<GivenAsid> give_asid(const Layout& layout, std::uint32_t first, std::uint32_t last,
                                   const std::set<std::uint32_t>& taken);

}  // namespace virtsev::daemon
