// SPDX-License-Identifier: LGPL-2.1-or-later
// A firmware image as a file.
#pragma once

#include <cstdint>

#include "driver/spec/machine.hpp"
#include "sevcore/base/bytes.hpp"

namespace virtsev::boot::ovmf {

/// An image's size is a multiple of 4096 bytes, up to what QEMU maps below 4 GiB at most.
inline constexpr std::uint64_t kMaxImageBytes = 16ULL << 20;

/// Throws Error naming the file where no image has such a size.
std::uint64_t size_of_image(const spec::File& image);

/// All of it. Throws Error.
Bytes read_image(const spec::File& image);

}  // namespace virtsev::boot::ovmf
