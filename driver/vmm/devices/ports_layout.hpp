// SPDX-License-Identifier: LGPL-2.1-or-later
// A virtio console device's numbers (virtio 1.2, section 5.3).
#pragma once

#include <cstddef>
#include <cstdint>

namespace virtsev::vmm::ports {

/// VIRTIO_CONSOLE_F_MULTIPORT (5.3.3).
inline constexpr std::uint64_t kMultiport = 1U << 1;

/// struct virtio_console_config (5.3.4): columns and rows, which are not told, then max_nr_ports.
inline constexpr std::uint32_t kConfigurationBytes = 12;
inline constexpr std::size_t kMostPortsAt = 4;

/// Queues (5.3.2): port 0's pair, the control queues, then a pair for each further port.
inline constexpr std::uint16_t kControlReceive = 2;
inline constexpr std::uint16_t kControlTransmit = 3;
constexpr std::uint16_t receive_queue(std::uint32_t port) {
  return static_cast<std::uint16_t>(port == 0 ? 0 : 2 * (port + 1));
}

/// struct virtio_console_control (5.3.6.2): a port, an event, a value; little-endian.
inline constexpr std::size_t kControlBytes = 8;
inline constexpr std::size_t kPortAt = 0;
inline constexpr std::size_t kEventAt = 4;
inline constexpr std::size_t kValueAt = 6;

enum Event : std::uint16_t {
  kDeviceReady = 0,  ///< Driver: it has found the device
  kDeviceAdd = 1,    ///< Device: there is such a port
  kPortReady = 3,    ///< Driver: it has set that port up
  kConsolePort = 4,  ///< Device: it is a console
  kPortOpen = 6,     ///< Either: its end of the port is open (1), or is not (0)
  kPortName = 7,     ///< Device: its name stands behind the message
};

}  // namespace virtsev::vmm::ports
