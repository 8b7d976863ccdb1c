// SPDX-License-Identifier: LGPL-2.1-or-later
// Lists of pieces of memory, as readv(2) takes them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <sys/uio.h>

#include "sevcore/base/bytes.hpp"

namespace virtsev::vmm {

using Pieces = std::vector<iovec>;

std::uint64_t size_of(std::span<const iovec> pieces);

/// Takes the first `size` bytes away, or all where there are fewer.
void drop_first(Pieces& pieces, std::uint64_t size);

/// Copies as many bytes as the shorter one has, from the pieces' byte `start` on; how many.
std::size_t copy_out(std::span<const iovec> from, std::uint64_t start, MutableBytes to);
std::size_t copy_in(ByteView from, std::span<const iovec> to, std::uint64_t start);

}  // namespace virtsev::vmm
