// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/linux/bzimage.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "driver/boot/linux/setup_header.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::boot {
namespace {

/// Where the header ends, or 0 where it says something that can't be.
std::size_t header_end(ByteView start) {
  const std::size_t end = setup::kMagic + start[setup::kJumpDistance];
  return end >= setup::kSmallestEnd ? std::min(end, setup::kLargestEnd) : 0;
}

/// Loaded at layout::kKernel, the kernel decompresses itself at the higher of that and its preferred address,
/// where it can move at all.
bool runs_where_loaded(ByteView start) {
  const auto preferred = get_le<std::uint64_t>(start, setup::kPreferredAddress);
  if (start[setup::kRelocatable] == 0) {
    return preferred == layout::kKernel.value();
  }
  const auto alignment = get_le<std::uint32_t>(start, setup::kKernelAlignment);
  return std::has_single_bit(alignment) && layout::kKernel.value() % alignment == 0 &&
         preferred < layout::kLowRamLimit.value();
}

}  // namespace

Result<BzImage, BzImageFault> parse_bzimage(ByteView start, std::uint64_t file_size) {
  if (start.size() < setup::kVersion) {
    return unexpected(BzImageFault::kNotAKernel);
  }
  if (get_le<std::uint16_t>(start, setup::kBootFlag) != setup::kBootFlagValue ||
      std::memcmp(start.data() + setup::kMagic, "HdrS", 4) != 0) {
    return unexpected(BzImageFault::kNotAKernel);
  }
  if (start.size() < kBzImageHeaderBytes || file_size < kBzImageHeaderBytes) {
    return unexpected(BzImageFault::kTruncated);
  }
  BzImage image;
  image.protocol = get_le<std::uint16_t>(start, setup::kVersion);
  if (image.protocol < setup::kOldestProtocol) {
    return unexpected(BzImageFault::kTooOld);
  }
  if ((start[setup::kLoadFlags] & setup::kLoadedHigh) == 0) {
    return unexpected(BzImageFault::kNotLoadedHigh);
  }
  if ((get_le<std::uint16_t>(start, setup::kXLoadFlags) & setup::kXlf64Bit) == 0) {
    return unexpected(BzImageFault::k32Bit);
  }
  const std::size_t end = header_end(start);
  const std::uint64_t code_bytes = std::uint64_t{get_le<std::uint32_t>(start, setup::kSysSize)} * 16;
  if (end == 0 || code_bytes == 0) {
    return unexpected(BzImageFault::kNotAKernel);
  }
  image.code_offset = setup::size_of_setup(start[setup::kSetupSectors]);
  // The last unit of 16 bytes may be short; what follows the code (a signature) is not loaded.
  if (file_size < image.code_offset || file_size - image.code_offset + 15 < code_bytes) {
    return unexpected(BzImageFault::kTruncated);
  }
  image.code_size = std::min(code_bytes, file_size - image.code_offset);
  if (!runs_where_loaded(start)) {
    return unexpected(BzImageFault::kFixedElsewhere);
  }
  const std::uint64_t runs_at =
      std::max(layout::kKernel.value(), get_le<std::uint64_t>(start, setup::kPreferredAddress));
  image.memory_end = std::max(runs_at + get_le<std::uint32_t>(start, setup::kInitSize),
                              layout::kKernel.value() + round_up(image.code_size, kPageSize));
  image.initrd_limit = std::uint64_t{get_le<std::uint32_t>(start, setup::kInitrdAddressMax)} + 1;
  image.command_line_max = get_le<std::uint32_t>(start, setup::kCommandLineSize);
  image.setup_header.assign(start.begin() + setup::kStart, start.begin() + static_cast<std::ptrdiff_t>(end));
  return image;
}

}  // namespace virtsev::boot
