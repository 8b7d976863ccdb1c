// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/memory/pieces.hpp"

#include <algorithm>

namespace virtsev::vmm {
namespace {

/// Calls `use` for each run of bytes of [start, start + size).
template <typename Use>
void for_each_run(std::span<const iovec> pieces, std::uint64_t start, std::uint64_t size, const Use& use) {
  for (const iovec& piece : pieces) {
    if (size == 0) {
      return;
    }
    if (start >= piece.iov_len) {
      start -= piece.iov_len;
      continue;
    }
    const std::uint64_t run = std::min<std::uint64_t>(piece.iov_len - start, size);
    use(static_cast<std::uint8_t*>(piece.iov_base) + start, run);
    size -= run;
    start = 0;
  }
}

}  // namespace

std::uint64_t size_of(std::span<const iovec> pieces) {
  std::uint64_t size = 0;
  for (const iovec& piece : pieces) {
    size += piece.iov_len;
  }
  return size;
}

void drop_first(Pieces& pieces, std::uint64_t size) {
  auto first = pieces.begin();
  while (first != pieces.end() && size >= first->iov_len) {
    size -= first->iov_len;
    ++first;
  }
  if (first != pieces.end()) {
    first->iov_base = static_cast<std::uint8_t*>(first->iov_base) + size;
    first->iov_len -= size;
  }
  pieces.erase(pieces.begin(), first);
}

std::size_t copy_out(std::span<const iovec> from, std::uint64_t start, MutableBytes to) {
  std::size_t done = 0;
  for_each_run(from, start, to.size(), [&](const std::uint8_t* at, std::uint64_t run) {
    std::copy_n(at, run, to.data() + done);
    done += run;
  });
  return done;
}

std::size_t copy_in(ByteView from, std::span<const iovec> to, std::uint64_t start) {
  std::size_t done = 0;
  for_each_run(to, start, from.size(), [&](std::uint8_t* at, std::uint64_t run) {
    std::copy_n(from.data() + done, run, at);
    done += run;
  });
  return done;
}

}  // namespace virtsev::vmm
