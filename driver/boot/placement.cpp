// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/placement.hpp"

#include <algorithm>

#include "driver/boot/memory_layout.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::boot {
namespace {

[[noreturn]] void refuse_memory(const spec::BootSpecification& specification, std::uint64_t needed) {
  throw Error(
      ErrorCode::kConfigUnsupported,
      text("<memory> of {} MiB is too small: kernel '{}' and its initrd need at least {} MiB to start",
           specification.memory_bytes / layout::kMiB, specification.kernel.path,
           round_up(needed, layout::kMiB) / layout::kMiB));
}

[[noreturn]] void refuse_initrd(const spec::BootSpecification& specification, std::uint64_t size,
                                std::uint64_t room) {
  throw Error(ErrorCode::kConfigUnsupported,
              text("initrd '{}' of {} MiB is too large: kernel '{}' leaves room for {} MiB; make it smaller",
                   specification.initrd->path, round_up(size, layout::kMiB) / layout::kMiB,
                   specification.kernel.path, room / layout::kMiB));
}

}  // namespace

GuestAddress place_initrd(const spec::BootSpecification& specification, const BzImage& kernel,
                          std::uint64_t initrd_size) {
  const std::uint64_t kernel_end = round_up(kernel.memory_end, kPageSize);
  const std::uint64_t pages = round_up(initrd_size, kPageSize);
  const std::uint64_t limit = std::min(layout::kLowRamLimit.value(), kernel.initrd_limit) & ~(kPageSize - 1);
  if (initrd_size != 0 && (kernel_end > limit || limit - kernel_end < pages)) {
    refuse_initrd(specification, initrd_size, kernel_end > limit ? 0 : limit - kernel_end);
  }
  const std::uint64_t ram_end = layout::low_ram(specification.memory_bytes).end().value();
  if (ram_end < kernel_end || ram_end - kernel_end < pages) {
    refuse_memory(specification, kernel_end + pages);
  }
  return initrd_size == 0 ? GuestAddress(0) : GuestAddress(std::min(ram_end, limit) - pages);
}

}  // namespace virtsev::boot
