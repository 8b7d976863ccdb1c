// SPDX-License-Identifier: LGPL-2.1-or-later
// The one way in and out of guest memory.
#include "driver/vmm/memory/guest_memory.hpp"

#include <cstring>

namespace virtsev::vmm {

std::uint8_t* GuestMemory::host_address(GuestAddress start, std::uint64_t size) const {
  for (const Range& range : ranges_) {
    if (start < range.start) {
      continue;
    }
    const std::uint64_t offset = start - range.start;
    if (offset < range.size && size <= range.size - offset) {
      return range.host + offset;
    }
  }
  return nullptr;
}

bool GuestMemory::read(GuestAddress from, MutableBytes to) const {
  const std::uint8_t* host = host_address(from, to.size());
  if (host == nullptr) {
    return false;
  }
  if (!to.empty()) {
    std::memcpy(to.data(), host, to.size());
  }
  return true;
}

bool GuestMemory::write(GuestAddress to, ByteView from) const {
  std::uint8_t* host = host_address(to, from.size());
  if (host == nullptr) {
    return false;
  }
  if (!from.empty()) {
    std::memcpy(host, from.data(), from.size());
  }
  return true;
}

}  // namespace virtsev::vmm
