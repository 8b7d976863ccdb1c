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
/// What the limits depend on.
struct Growth {
  std::size_t vcpus = 1;
  std::size_t devices = 0;  ///< With descriptors of their own
  std::size_t slots = 0;    ///< For such devices that come later
  /// Bytes of the largest regular file that the guest writes to, 0 if there is none.
  std::uint64_t largest_disk = 0;
};
/// SIGXFSZ must be ignored: a file that is full is an error of that write, and no reason to end a guest.
/// Where disks may come later, of any size, files have no limit: it is one of the whole process, and can't be
/// raised again. Throws std::system_error.
void limit_growth(const Growth& growth);

}  // namespace virtsev::vmm
