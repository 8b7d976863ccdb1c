// SPDX-License-Identifier: LGPL-2.1-or-later
// A bzImage small enough for tests: a setup header that a boot loader accepts, and recognisable bytes where
// code would be.
#pragma once

#include <cstddef>

#include "sevcore/base/bytes.hpp"

namespace virtsev::boot::test {

/// Two sectors (boot sector, one of setup) and `code_size` bytes of code. Protocol 2.15, relocatable, 64-bit,
/// 32 MiB for decompression, initrd below 2 GiB.
Bytes synthetic_bzimage(std::size_t code_size = 10'000);

/// Offset of the code in it.
inline constexpr std::size_t kSyntheticCodeOffset = 1024;

/// Recognisable bytes.
Bytes pattern(std::size_t size, std::uint8_t seed);

}  // namespace virtsev::boot::test
