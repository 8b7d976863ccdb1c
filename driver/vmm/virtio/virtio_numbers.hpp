// SPDX-License-Identifier: LGPL-2.1-or-later
// Numbers of virtio 1.2 that transport and queues share.
#pragma once

#include <cstdint>

namespace virtsev::vmm::virtio {

// Feature bits (section 6).
inline constexpr std::uint64_t kRingIndirect = 1ULL << 28;
inline constexpr std::uint64_t kRingEventIndex = 1ULL << 29;
inline constexpr std::uint64_t kVersion1 = 1ULL << 32;
inline constexpr std::uint64_t kAccessPlatform = 1ULL << 33;
/// The transport's own: every device has them.
inline constexpr std::uint64_t kTransportFeatures =
    kRingIndirect | kRingEventIndex | kVersion1 | kAccessPlatform;
/// Without them a driver is refused: rings of before 1.0 have another layout, and a driver that takes its
/// memory for the device's would give private memory to it.
inline constexpr std::uint64_t kRequiredFeatures = kVersion1 | kAccessPlatform;

// Device status (2.1).
inline constexpr std::uint8_t kAcknowledge = 1;
inline constexpr std::uint8_t kDriver = 2;
inline constexpr std::uint8_t kDriverOk = 4;
inline constexpr std::uint8_t kFeaturesOk = 8;
inline constexpr std::uint8_t kNeedsReset = 64;
inline constexpr std::uint8_t kFailed = 128;

inline constexpr std::uint16_t kNoVector = 0xffff;        // 4.1.5.1.2
inline constexpr std::uint16_t kMostDescriptors = 32768;  // Queue size, 2.7

}  // namespace virtsev::vmm::virtio
