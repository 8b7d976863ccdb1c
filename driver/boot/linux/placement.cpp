// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/linux/placement.hpp"

#include <algorithm>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::boot {
namespace {

[[noreturn]] void refuse_memory(const spec::Payload& payload, std::uint64_t memory_bytes,
                                std::uint64_t needed) {
  throw Error(
      ErrorCode::kConfigUnsupported,
      text("<memory> of {} MiB is too small: kernel '{}' and its initrd need at least {} MiB to start",
           memory_bytes / layout::kMiB, payload.kernel.path, round_up(needed, layout::kMiB) / layout::kMiB));
}

[[noreturn]] void refuse_initrd(const spec::Payload& payload, std::uint64_t size, std::uint64_t room) {
  throw Error(ErrorCode::kConfigUnsupported,
              text("initrd '{}' of {} MiB is too large: kernel '{}' leaves room for {} MiB; make it smaller",
                   payload.initrd->path, round_up(size, layout::kMiB) / layout::kMiB, payload.kernel.path,
                   room / layout::kMiB));
}

}  // namespace

GuestAddress place_initrd(const spec::Payload& payload, std::uint64_t memory_bytes, const BzImage& kernel,
                          std::uint64_t initrd_size) {
  const std::uint64_t kernel_end = round_up(kernel.memory_end, kPageSize);
  const std::uint64_t pages = round_up(initrd_size, kPageSize);
  const std::uint64_t ram_end = layout::low_ram(memory_bytes).end().value();
  // More memory makes low RAM no longer than this.
  const std::uint64_t most_ram = std::max(ram_end, layout::kLowRamOfLarge.value());
  const std::uint64_t limit = std::min(most_ram, kernel.initrd_limit) & ~(kPageSize - 1);
  if (initrd_size != 0 && (kernel_end > limit || limit - kernel_end < pages)) {
    refuse_initrd(payload, initrd_size, kernel_end > limit ? 0 : limit - kernel_end);
  }
  if (ram_end < kernel_end || ram_end - kernel_end < pages) {
    refuse_memory(payload, memory_bytes, kernel_end + pages);
  }
  return initrd_size == 0 ? GuestAddress(0) : GuestAddress(std::min(ram_end, limit) - pages);
}

}  // namespace virtsev::boot
