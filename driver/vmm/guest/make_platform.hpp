// SPDX-License-Identifier: LGPL-2.1-or-later
// The platform that a Start asks for.
#pragma once

#include <functional>
#include <memory>

#include "driver/control/messages.hpp"
#include "driver/vmm/launch/platform.hpp"
#include "sevcore/simulated/simulated_share.hpp"

namespace virtsev::vmm {

/// Throws Error(kConfigUnsupported) where the guest's RAM reaches addresses that have the C-bit.
void check_memory_below_c_bit(std::uint64_t memory_bytes, std::uint32_t position);

/// The platform that a Start asks for. Takes the descriptors that it needs out of it. Throws Error where the
/// host has no SEV, or another C-bit position than the definition says,
/// or where the guest has more memory than there are addresses below the C-bit.
std::unique_ptr<Platform> make_platform(const control::Start& start, const KvmHost& host);

/// make_platform(), or what a test has in its place.
using PlatformMaker = std::function<std::unique_ptr<Platform>(const control::Start&, const KvmHost&)>;
/// make_platform(), where the simulated firmware's commands wait for their turn in `queue`; null: for nobody.
PlatformMaker make_platform_with(std::shared_ptr<sevcore::FirmwareQueue> queue);

}  // namespace virtsev::vmm
