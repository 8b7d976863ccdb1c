// SPDX-License-Identifier: LGPL-2.1-or-later
// The one way in and out of guest memory.
#include "driver/vmm/memory/guest_memory.hpp"

#include <algorithm>
#include <cstring>

namespace virtsev::vmm {

MutableBytes GuestMemory::piece_at(GuestAddress start) const {
  for (const Range& range : ranges_) {
    if (start >= range.start && start - range.start < range.size) {
      return MutableBytes(range.host, range.size).subspan(start - range.start);
    }
  }
  return {};
}

bool GuestMemory::contains(GuestAddress start, std::uint64_t size) const {
  MutableBytes piece = piece_at(start);
  while (!piece.empty() && size > piece.size()) {
    size -= piece.size();
    start = start + piece.size();
    piece = piece_at(start);
  }
  return !piece.empty();
}

bool GuestMemory::read(GuestAddress from, MutableBytes to) const {
  if (!contains(from, to.size())) {
    return false;
  }
  while (!to.empty()) {
    const MutableBytes piece = piece_at(from);
    const std::size_t size = std::min(piece.size(), to.size());
    std::memcpy(to.data(), piece.data(), size);
    to = to.subspan(size);
    from = from + size;
  }
  return true;
}

bool GuestMemory::write(GuestAddress to, ByteView from) const {
  if (!contains(to, from.size())) {
    return false;
  }
  while (!from.empty()) {
    const MutableBytes piece = piece_at(to);
    const std::size_t size = std::min(piece.size(), from.size());
    std::memcpy(piece.data(), from.data(), size);
    from = from.subspan(size);
    to = to + size;
  }
  return true;
}

std::uint8_t* PrivateMemory::host_address(GuestAddress start, std::uint64_t size) const {
  const MutableBytes piece = piece_at(start);
  return !piece.empty() && size <= piece.size() ? piece.data() : nullptr;
}

}  // namespace virtsev::vmm
