// SPDX-License-Identifier: LGPL-2.1-or-later
// A bzImage's setup header: read, checked, and turned into the few numbers that a 32-bit entry needs.
// Source: the Linux/x86 boot protocol (Documentation/arch/x86/boot.rst), sections "The Real-Mode Kernel
// Header" and "32-bit Boot Protocol".
#pragma once

#include <cstdint>

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/result.hpp"

namespace virtsev::boot {

/// As much of the file's start as parse_bzimage() looks at.
inline constexpr std::size_t kBzImageHeaderBytes = 0x290;

/// Why a file is not a kernel that this machine can start.
enum class BzImageFault : std::uint8_t {
  kNotAKernel,      ///< No 0xAA55 at 0x1fe, or no "HdrS" at 0x202, or a header that contradicts itself
  kTruncated,       ///< The file ends before the setup header, or before the code that it promises
  kTooOld,          ///< Boot protocol before 2.12
  kNotLoadedHigh,   ///< A zImage: its code belongs below 1 MiB
  k32Bit,           ///< No 64-bit kernel inside
  kFixedElsewhere,  ///< Runs only at an address other than layout::kKernel
};

struct BzImage {
  Bytes setup_header;                  ///< The file's bytes from 0x1f1 to the header's end, for boot_params
  std::uint64_t code_offset = 0;       ///< Protected-mode code: offset in the file, bytes
  std::uint64_t code_size = 0;         ///< Bytes; checked against the file's size
  std::uint64_t memory_end = 0;        ///< First guest address that decompression leaves alone
  std::uint64_t initrd_limit = 0;      ///< First guest address that the initrd may not touch
  std::uint32_t command_line_max = 0;  ///< Characters, without the NUL
  std::uint16_t protocol = 0;          ///< 0x020f is 2.15
};

/// `start`: the file's first bytes, kBzImageHeaderBytes of them, or all where the file is shorter.
Result<BzImage, BzImageFault> parse_bzimage(ByteView start, std::uint64_t file_size);

}  // namespace virtsev::boot
