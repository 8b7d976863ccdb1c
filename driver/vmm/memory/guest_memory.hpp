// SPDX-License-Identifier: LGPL-2.1-or-later
// The one way in and out of guest memory: copies, with bounds checked. A guest may change its memory at any
// time; whoever decides by it copies it first, so that nothing is fetched twice unseen.
#pragma once

#include <cstdint>
#include <vector>

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/guest_address.hpp"

namespace virtsev::vmm {

/// Any thread: it never changes.
class GuestMemory {
 public:
  /// A range of guest addresses and the host memory behind it, which outlives this.
  struct Range {
    GuestAddress start;
    std::uint64_t size = 0;
    std::uint8_t* host = nullptr;
    const char* name = "RAM";  ///< For people
  };

  GuestMemory() = default;
  explicit GuestMemory(std::vector<Range> ranges) : ranges_(std::move(ranges)) {}

  /// False, and nothing done, where there is no memory for any byte. Ranges that are next to each other are
  /// one memory.
  [[nodiscard]] bool read(GuestAddress from, MutableBytes to) const;
  [[nodiscard]] bool write(GuestAddress to, ByteView from) const;
  /// Whether all bytes are there; of none: whether there is one at `start`.
  [[nodiscard]] bool contains(GuestAddress start, std::uint64_t size) const;

  [[nodiscard]] const std::vector<Range>& ranges() const { return ranges_; }

 protected:
  /// What there is from `start` on within one range; nothing where there is no memory.
  [[nodiscard]] MutableBytes piece_at(GuestAddress start) const;

 private:
  std::vector<Range> ranges_;
};

/// What the guest keeps to itself: the loader, the firmware's commands and a debugger that the guest's policy
/// lets in have it. Does not become a SharedMemory: a device never sees it.
class PrivateMemory final : public GuestMemory {
 public:
  using GuestMemory::GuestMemory;
  /// The host memory itself, for the kernel's SEV commands alone; null where it does not lie within one
  /// range.
  [[nodiscard]] std::uint8_t* host_address(GuestAddress start, std::uint64_t size) const;
};

}  // namespace virtsev::vmm
