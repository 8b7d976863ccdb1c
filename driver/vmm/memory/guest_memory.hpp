// SPDX-License-Identifier: LGPL-2.1-or-later
// The one way in and out of guest memory: copies, with bounds checked. A guest may change its memory at any
// time; whoever decides by it copies it first, so that nothing is fetched twice unseen.
#pragma once

#include <cstdint>
#include <vector>

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/guest_address.hpp"

namespace virtsev::vmm {

class GuestMemory {
 public:
  /// A range of guest addresses and the host memory behind it, which outlives this.
  struct Range {
    GuestAddress start;
    std::uint64_t size = 0;
    std::uint8_t* host = nullptr;
  };

  GuestMemory() = default;
  explicit GuestMemory(std::vector<Range> ranges) : ranges_(std::move(ranges)) {}

  /// False, and nothing done, where any byte lies outside one range.
  [[nodiscard]] bool read(GuestAddress from, MutableBytes to) const;
  [[nodiscard]] bool write(GuestAddress to, ByteView from) const;
  /// The host memory itself, for the kernel's SEV commands alone; null where it does not lie within one
  /// range.
  [[nodiscard]] std::uint8_t* host_address(GuestAddress start, std::uint64_t size) const;

  [[nodiscard]] const std::vector<Range>& ranges() const { return ranges_; }

 private:
  std::vector<Range> ranges_;
};

}  // namespace virtsev::vmm
