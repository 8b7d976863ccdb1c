// SPDX-License-Identifier: LGPL-2.1-or-later
// A virtio network device's numbers (virtio 1.2, section 5.1).
#pragma once

#include <cstddef>
#include <cstdint>

namespace virtsev::vmm::net {

/// Feature bits (5.1.3).
enum Feature : std::uint64_t {
  kCsum = 1U << 0,
  kGuestCsum = 1U << 1,
  kMtu = 1U << 3,
  kMac = 1U << 5,
  kGuestTso4 = 1U << 7,
  kGuestTso6 = 1U << 8,
  kHostTso4 = 1U << 11,
  kHostTso6 = 1U << 12,
  kMrgRxbuf = 1U << 15,
  kStatus = 1U << 16,
  kCtrlVq = 1U << 17,
  kMq = 1U << 22,
};

/// struct virtio_net_config (5.1.4): offsets.
inline constexpr std::uint32_t kConfigurationBytes = 12;
inline constexpr std::size_t kMacAt = 0;
inline constexpr std::size_t kStatusAt = 6;
inline constexpr std::size_t kMaxPairsAt = 8;
inline constexpr std::size_t kMtuAt = 10;
inline constexpr std::uint8_t kLinkUp = 1;

/// struct virtio_net_hdr (5.1.6): offsets.
inline constexpr std::size_t kFlagsAt = 0;
inline constexpr std::size_t kGsoTypeAt = 1;
inline constexpr std::size_t kNumBuffersAt = 10;

/// Commands (5.1.6.5): class, command, then what it takes; the device answers with one byte.
inline constexpr std::uint8_t kClassMq = 4;
inline constexpr std::uint8_t kMqPairsSet = 0;
inline constexpr std::uint8_t kAckOk = 0;
inline constexpr std::uint8_t kAckError = 1;

/// An Ethernet header: nothing shorter is a frame.
inline constexpr std::size_t kLeastFrameBytes = 14;

}  // namespace virtsev::vmm::net
