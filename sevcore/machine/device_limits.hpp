// SPDX-License-Identifier: LGPL-2.1-or-later
// What one device of a guest can have at most: what a definition may ask for, and the monitor takes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace virtsev::machine {

/// Bytes of a disk's serial number (virtio 1.2, 5.2.6.1: VIRTIO_BLK_T_GET_ID).
inline constexpr std::size_t kMaxDiskSerial = 20;
/// Queues of a disk.
inline constexpr std::uint16_t kMaxDiskQueues = 16;
/// Queue pairs of a network interface. Each is a descriptor, and those of all devices travel to the monitor
/// beside one message, of which the kernel takes 253 (SCM_MAX_FD; driver/control/messages.hpp).
inline constexpr std::uint16_t kMaxQueuePairs = 6;
/// Ports of a virtio console device.
inline constexpr std::uint32_t kMaxPorts = 8;
/// Bytes of a port's name, which is a socket's too: an address holds 107 (unix(7)), with its directory.
inline constexpr std::size_t kMaxPortName = 80;
/// Root ports of PCI Express: each has a slot of the root bus.
inline constexpr std::uint8_t kMaxRootPorts = 30;

}  // namespace virtsev::machine
