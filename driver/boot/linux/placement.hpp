// SPDX-License-Identifier: LGPL-2.1-or-later
// Where kernel and initrd lie in a guest of given size, and whether they fit.
#pragma once

#include <cstdint>

#include "driver/boot/linux/bzimage.hpp"
#include "driver/spec/machine.hpp"
#include "sevcore/base/guest_address.hpp"

namespace virtsev::boot {

/// The initrd's address: page aligned, as high as low RAM and the kernel allow; 0 where `initrd_size` (bytes)
/// is 0. Throws Error with the memory that it takes, where decompressed kernel and initrd do not fit.
GuestAddress place_initrd(const spec::Payload& payload, std::uint64_t memory_bytes, const BzImage& kernel,
                          std::uint64_t initrd_size);

}  // namespace virtsev::boot
