// SPDX-License-Identifier: LGPL-2.1-or-later
// The user's files are looked at through their descriptors, and never mapped: a file that is cut short
// meanwhile is an error, not a signal.
#pragma once

#include <cstdint>

#include "driver/spec/machine.hpp"

namespace virtsev::boot {

/// Size in bytes. Throws Error naming the file where it is not open, or not a regular file.
std::uint64_t size_of(const spec::File& file);

}  // namespace virtsev::boot
