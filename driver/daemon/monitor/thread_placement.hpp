// SPDX-License-Identifier: LGPL-2.1-or-later
// On which of the host's CPUs the threads of a monitor run.
#pragma once

#include <cstdint>
#include <vector>

#include <sys/types.h>

#include "sevcore/base/bytes.hpp"

namespace virtsev::daemon {

/// A mask as sched_setaffinity(2) takes it; empty: all CPUs that this process may run on.
using CpuMask = Bytes;

/// `thread`: as the monitor named it. Throws Error(kSystemError) where it is none of that process's, or the
/// kernel refuses.
void place_thread(pid_t process, std::uint32_t thread, const CpuMask& mask);

/// All threads of the process but these. Throws Error(kSystemError).
void place_other_threads(pid_t process, const std::vector<std::uint32_t>& vcpus, const CpuMask& mask);

}  // namespace virtsev::daemon
