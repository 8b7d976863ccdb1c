// SPDX-License-Identifier: LGPL-2.1-or-later
// What a guest shares with its host: the only memory that a device can do DMA on.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <sys/uio.h>

#include "driver/vmm/memory/guest_memory.hpp"
#include "sevcore/base/result.hpp"

namespace virtsev::vmm {

/// Part of a buffer, as a guest describes it: it may say anything.
struct DmaSegment {
  GuestAddress start;
  std::uint64_t size = 0;
};

enum class DmaFault {
  kNotShared,  ///< A byte lies where the guest shares no memory
  kTooLong,    ///< More pieces than one call to the kernel takes
};

/// Any thread.
class SharedMemory final : public GuestMemory {
 public:
  using GuestMemory::GuestMemory;

  /// How many pieces there can be (IOV_MAX, readv(2)).
  static constexpr std::size_t kMostPieces = 1024;

  /// Where the segments' bytes lie, in their order, for readv(2) and its like: the kernel, or a copy that is
  /// looked at once, reads them. Empty segments have no piece. The pieces are good for as long as the
  /// machine's memory.
  [[nodiscard]] Result<std::vector<iovec>, DmaFault> iovecs(std::span<const DmaSegment> segments) const;
};

}  // namespace virtsev::vmm
