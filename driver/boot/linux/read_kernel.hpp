// SPDX-License-Identifier: LGPL-2.1-or-later
// A kernel's file, read and checked.
#pragma once

#include "driver/boot/linux/bzimage.hpp"
#include "driver/spec/machine.hpp"

namespace virtsev::boot {

/// Reads and checks the kernel's header. Throws Error naming the file, saying what it is instead, and what to
/// use.
BzImage read_kernel(const spec::File& kernel);

}  // namespace virtsev::boot
