// SPDX-License-Identifier: LGPL-2.1-or-later
// What a disk's image is like, asked once.
#pragma once

#include <cstdint>

namespace virtsev::vmm {

/// All sizes in bytes.
struct ImageFacts {
  std::uint64_t size = 0;                ///< A multiple of 512: what is left over belongs to no sector
  std::uint32_t logical_block = 512;     ///< What the guest is told; a power of 2
  std::uint32_t physical_block = 512;    ///< What it had better write in; a power of 2 times logical_block
  bool direct = false;                   ///< Opened with O_DIRECT: what follows holds then
  std::uint32_t memory_alignment = 1;    ///< Of each piece's address; a power of 2
  std::uint32_t transfer_alignment = 1;  ///< Of offsets, and of each piece's length; a power of 2
};

/// Of an open regular file or block device. Throws Error for anything else, for what can't be read, and for a
/// file opened with O_DIRECT whose size its file system can't transfer to the end.
ImageFacts image_facts(int fd);

}  // namespace virtsev::vmm
