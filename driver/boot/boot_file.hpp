// SPDX-License-Identifier: LGPL-2.1-or-later
// The user's files, as compose() looks at them: through their descriptors, never mapped, every refusal naming
// the file.
#pragma once

#include <cstdint>

#include "driver/boot/linux/bzimage.hpp"
#include "driver/spec/boot_specification.hpp"

namespace virtsev::boot {

/// Size in bytes. Throws Error where the file is not open, or no regular file.
std::uint64_t size_of(const spec::File& file);

/// Reads and checks the kernel's header. Throws Error saying what the file is instead, and what to use.
BzImage read_kernel(const spec::File& kernel);

}  // namespace virtsev::boot
