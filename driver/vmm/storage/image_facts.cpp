// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/storage/image_facts.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/base/uninterrupted.hpp"

namespace virtsev::vmm {
namespace {

constexpr std::uint64_t kSector = 512;
constexpr std::uint32_t kLargestBlock = 4096;
constexpr std::uint32_t kLargestTransferUnit = 64U << 10;  // Half of what Storage's buffers hold

[[noreturn]] void refuse(const char* what) {
  throw Error(ErrorCode::kOperationFailed, text("the disk's image can't be used: {}: {}", what,
                                                static_cast<const char*>(std::strerror(errno))));
}

bool is_block_size(std::uint32_t size) {
  return std::has_single_bit(size) && size >= kSector && size <= kLargestBlock;
}

/// Reads one unit from an address and at an offset that are multiples of it and of nothing more. (O_DIRECT:
/// "the alignment restrictions differ", open(2).)
bool takes(int fd, std::uint32_t alignment) {
  std::vector<std::uint8_t> room(2 * kLargestBlock + 2 * std::size_t{alignment});
  const auto address = reinterpret_cast<std::uintptr_t>(room.data());
  std::uint8_t* const unit = room.data() + (round_up(address, kLargestBlock) - address) + alignment;
  return uninterrupted([&] { return ::pread(fd, unit, alignment, alignment); }) >= 0;
}

void ask_alignment(int fd, ImageFacts& facts) {
  facts.memory_alignment = facts.transfer_alignment = kLargestBlock;
#ifdef STATX_DIOALIGN
  struct statx status {};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &status) == 0 &&
      (status.stx_mask & STATX_DIOALIGN) != 0 && std::has_single_bit(status.stx_dio_mem_align) &&
      std::has_single_bit(status.stx_dio_offset_align)) {  // Linux 6.1
    facts.memory_alignment = status.stx_dio_mem_align;
    facts.transfer_alignment = std::max(status.stx_dio_offset_align, std::uint32_t{kSector});
    return;
  }
#endif
  for (std::uint32_t alignment = kSector; alignment < kLargestBlock; alignment *= 2) {
    if (takes(fd, alignment)) {
      facts.memory_alignment = facts.transfer_alignment = alignment;
      return;
    }
  }
}

void ask_device(int fd, ImageFacts& facts) {
  if (::ioctl(fd, BLKGETSIZE64, &facts.size) != 0) {
    refuse("BLKGETSIZE64");
  }
  int logical = 0;
  unsigned physical = 0;
  if (::ioctl(fd, BLKSSZGET, &logical) == 0 && is_block_size(static_cast<std::uint32_t>(logical))) {
    facts.logical_block = static_cast<std::uint32_t>(logical);
  }
  if (::ioctl(fd, BLKPBSZGET, &physical) == 0 && std::has_single_bit(physical)) {
    facts.physical_block = physical;
  }
}

}  // namespace

ImageFacts image_facts(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) {
    refuse("fstat");
  }
  ImageFacts facts;
  if (S_ISBLK(status.st_mode)) {
    ask_device(fd, facts);
  } else if (S_ISREG(status.st_mode)) {
    facts.size = static_cast<std::uint64_t>(status.st_size);
    // Blocks of the file system: a guest that writes whole ones spares it from reading the rest first.
    facts.physical_block = kLargestBlock;
  } else {
    throw Error(ErrorCode::kInvalidArgument,
                text("the disk's image is neither a regular file nor a block device"));
  }
  facts.size -= facts.size % kSector;
  const int flags = ::fcntl(fd, F_GETFL);
  facts.direct = flags >= 0 && (flags & O_DIRECT) != 0;
  if (facts.direct) {
    ask_alignment(fd, facts);
    if (facts.memory_alignment > kPageSize || facts.transfer_alignment > kLargestTransferUnit) {
      throw Error(
          ErrorCode::kOperationFailed,
          text("the disk's image can be used without the host's cache only in pieces of {} bytes, which "
               "is too much: use another cache mode",
               std::max(facts.memory_alignment, facts.transfer_alignment)));
    }
    if (facts.size % facts.transfer_alignment != 0) {
      throw Error(
          ErrorCode::kOperationFailed,
          text("the disk's image has {} bytes, and without the host's cache it can be written only in "
               "multiples of {}: enlarge it, or use another cache mode",
               facts.size, facts.transfer_alignment));
    }
  }
  facts.physical_block = std::max(facts.physical_block, facts.logical_block);
  return facts;
}

}  // namespace virtsev::vmm
