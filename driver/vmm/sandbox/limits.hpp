// SPDX-License-Identifier: LGPL-2.1-or-later
// What the monitor may use of the host once its guest is made.
#pragma once

#include <cstddef>
#include <cstdint>

namespace virtsev::vmm {

/// No file grows beyond this by the monitor, or beyond its largest disk: the console's logs end at 2 MiB
/// each, and standard error is a log that virtsevd begins again at as much. (RLIMIT_FSIZE is about the place
/// of any write, not about growth alone.)
inline constexpr std::uint64_t kMostInAFile = 4ULL << 20;
/// Descriptors beside those of the vCPUs and devices: what a monitor has, and a peer's message brings.
inline constexpr std::size_t kOtherDescriptors = 96;

/// Of each device: an event for each of its queues and one for each message, and files.
inline constexpr std::size_t kDescriptorsOfADevice = 64;

/// No core dumps: guest memory and keys would be in them. Throws std::system_error.
void forbid_core_dumps();
/// SIGXFSZ must be ignored: a file that is full is an error of that write, and no reason to end a guest.
/// Throws std::system_error.
/// `largest_disk`: bytes of the largest regular file that the guest writes to, 0 if there is none.
void limit_growth(std::size_t vcpus, std::size_t devices, std::uint64_t largest_disk);

}  // namespace virtsev::vmm
