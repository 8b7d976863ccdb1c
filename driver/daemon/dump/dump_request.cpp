// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/dump/dump_request.hpp"

#include <libvirt/libvirt.h>

#include "driver/daemon/base/check_flags.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

// The most that a machine has beside its <memory>: firmware and the like.
constexpr std::uint64_t kBesideMemory = 64U << 20;

void check_dump_flags(std::uint32_t flags) {
  check_flags(flags,
              VIR_DUMP_CRASH | VIR_DUMP_LIVE | VIR_DUMP_BYPASS_CACHE | VIR_DUMP_RESET | VIR_DUMP_MEMORY_ONLY,
              "virDomainCoreDumpWithFormat");
  if ((flags & VIR_DUMP_CRASH) != 0 && (flags & VIR_DUMP_LIVE) != 0) {
    throw Error(
        ErrorCode::kInvalidArgument,
        text("invalid argument: crash and live exclude each other: a guest that is ended can't run on"));
  }
  if ((flags & VIR_DUMP_RESET) != 0) {
    throw Error(ErrorCode::kNoSupport,
                text("virtsev does not reset a guest after its dump; leave --reset out, and use virsh reset "
                     "afterwards"));
  }
  if ((flags & VIR_DUMP_BYPASS_CACHE) != 0) {
    throw Error(ErrorCode::kNoSupport,
                text("virtsev writes dumps only through the host's cache; leave --bypass-cache out"));
  }
  if ((flags & VIR_DUMP_MEMORY_ONLY) == 0) {
    throw Error(
        ErrorCode::kNoSupport,
        text("a guest of virtsev can't be dumped in the other format, which is a migration stream of QEMU; "
             "use virsh dump --memory-only, which gives an ELF core file"));
  }
}

[[noreturn]] void refuse_ranges() {
  throw Error(ErrorCode::kInternal, text("the monitor named memory that its guest can't have"));
}

}  // namespace

void check_dump_request(const std::string& file, std::uint32_t format, std::uint32_t flags) {
  check_dump_flags(flags);
  if (format != VIR_DOMAIN_CORE_DUMP_FORMAT_RAW) {
    throw Error(ErrorCode::kNoSupport,
                text("virtsev dumps memory only as an ELF core file; use --format=elf, or leave it out"));
  }
  if (!file.starts_with('/')) {
    throw Error(
        ErrorCode::kInvalidArgument,
        text("invalid argument: '{}' is not an absolute path, and virtsevd has no directory of yours to "
             "begin at; name the core file from / on",
             file));
  }
}

std::uint64_t check_memory_ranges(const std::vector<control::MemoryRanges::Range>& ranges,
                                  std::uint64_t memory_bytes) {
  std::uint64_t end = 0;
  std::uint64_t total = 0;
  for (const auto& range : ranges) {
    if (range.start < end || range.size > ~range.start) {
      refuse_ranges();
    }
    end = range.start + range.size;
    total += range.size;
  }
  if (memory_bytes != 0 && total > memory_bytes + kBesideMemory) {
    refuse_ranges();
  }
  return total;
}

}  // namespace virtsev::daemon
