// SPDX-License-Identifier: LGPL-2.1-or-later
// The digest of a whole file.
#pragma once

#include "driver/spec/machine.hpp"
#include "sevcore/base/bytes.hpp"

namespace virtsev::boot {

/// SHA-256 of all of the file, from its first byte. Throws Error naming it where it can't be read.
ByteArray<32> hash_file(const spec::File& file);

}  // namespace virtsev::boot
