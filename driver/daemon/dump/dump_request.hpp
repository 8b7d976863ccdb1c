// SPDX-License-Identifier: LGPL-2.1-or-later
// What can be asked of a dump, and what a monitor may say of a guest's memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "driver/control/messages.hpp"

namespace virtsev::daemon {

/// Throws Error where virtsev does not make such a dump: kInvalidArgument for flags that contradict each
/// other or are not known, and for a path that is not absolute; kNoSupport for what other drivers do.
/// `format`: virDomainCoreDumpFormat; `flags`: virDomainCoreDumpFlags.
void check_dump_request(const std::string& file, std::uint32_t format, std::uint32_t flags);

/// How many bytes of memory there are. The guest may have taken its monitor over: Error(kInternal) where the
/// ranges overlap, are not in order, or come to more than a guest with `memory_bytes` (0: not known) has. It
/// would else fill the host's disk.
std::uint64_t check_memory_ranges(const std::vector<control::MemoryRanges::Range>& ranges,
                                  std::uint64_t memory_bytes);

}  // namespace virtsev::daemon
