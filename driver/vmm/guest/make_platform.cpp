// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/guest/make_platform.hpp"

#include <utility>

#include <fcntl.h>

#include "driver/vmm/hardware/hardware_platform.hpp"
#include "driver/vmm/simulated/simulated_platform.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::vmm {
namespace {

/// Its own copy of a descriptor that the message owns.
UniqueFd copy_of(int descriptor, const char* what) {
  UniqueFd copy(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
  if (!copy) {
    throw Error(ErrorCode::kInternal, text("virtsevd did not pass {} to the monitor", what));
  }
  return copy;
}

}  // namespace

void check_memory_below_c_bit(std::uint64_t memory_bytes, std::uint32_t position) {
  // Above, an address with the bit would be another one without it (AMD APM volume 2, 15.34).
  const layout::Window high = layout::high_ram(memory_bytes);
  const std::uint64_t limit = 1ULL << position;
  if (high.size > 0 && high.end().value() > limit) {
    throw Error(
        ErrorCode::kConfigUnsupported,
        text("<memory>: the guest's addresses would reach {} GiB, but with this host's C-bit at position {} "
             "they "
             "end at {} GiB; give it at most {} GiB of memory",
             (high.end().value() + layout::kGiB - 1) / layout::kGiB, position, limit / layout::kGiB,
             (limit - (layout::kHighRamStart - layout::kLowRamOfLarge)) / layout::kGiB));
  }
}

namespace {

std::unique_ptr<Platform> make_simulated(const control::Start& start, const KvmHost& host,
                                         std::shared_ptr<sevcore::FirmwareQueue> queue) {
  const control::SimulatedGrant& grant = start.simulated;
  if (grant.asid == 0) {
    throw Error(ErrorCode::kOperationUnsupported,
                text("virtsevd is older than this monitor, and gave it no ASID of the simulated platform; "
                     "restart virtsevd, so that both are of one version"));
  }
  SimulatedGuestShare share;
  share.settings.es_asids = grant.es_asids;
  share.settings.sev_asids = grant.sev_asids;
  share.settings.firmware_delay_ms_per_mib = grant.firmware_delay_ms_per_mib;
  share.settings.snp_initialized = grant.snp_initialized;
  share.asid = grant.asid;
  share.asid_lock = copy_of(grant.asid_lock, "the lock of the guest's ASID");
  share.queue = std::move(queue);
  return std::make_unique<SimulatedSevPlatform>(
      host, copy_of(start.platform_identity, "the simulated platform's identity"), std::move(share));
}

}  // namespace

PlatformMaker make_platform_with(std::shared_ptr<sevcore::FirmwareQueue> queue) {
  return [queue = std::move(queue)](const control::Start& start, const KvmHost& host) {
    std::unique_ptr<Platform> platform;
    if (start.platform == control::Platform::kSimulated) {
      platform = make_simulated(start, host, queue);
    } else {
      platform = std::make_unique<HardwarePlatform>(host, copy_of(start.sev, "/dev/sev"));
    }
    const std::uint32_t position = platform->c_bit_position();
    if (start.c_bit_position.value_or(position) != position) {
      throw Error(
          ErrorCode::kConfigUnsupported,
          text("<cbitpos> is {}, but this host's C-bit is at position {}; write {}, or leave the element out",
               *start.c_bit_position, position, position));
    }
    check_memory_below_c_bit(start.machine.memory_bytes, position);
    return platform;
  };
}

std::unique_ptr<Platform> make_platform(const control::Start& start, const KvmHost& host) {
  return make_platform_with(nullptr)(start, host);
}

}  // namespace virtsev::vmm
