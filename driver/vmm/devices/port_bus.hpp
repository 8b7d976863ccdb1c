// SPDX-License-Identifier: LGPL-2.1-or-later
// Which device answers which I/O port.
#pragma once

#include <cstdint>
#include <vector>

#include "driver/vmm/devices/port_device.hpp"

namespace virtsev::vmm {

/// Devices are attached before the first vCPU runs; after that the bus never changes, so it needs no lock.
class PortBus {
 public:
  /// The device is borrowed, and outlives the bus's use. Throws Error(kInternal) where the range overlaps
  /// another one.
  void attach(std::uint16_t first, std::uint16_t count, PortDevice& device);

  /// A port that no device owns, or an access that crosses the end of a device's range, reads as ones and
  /// ignores writes, as a PC's bus does.
  void read(std::uint16_t port, MutableBytes data) const;
  void write(std::uint16_t port, ByteView data) const;

 private:
  struct Range {
    std::uint16_t first;
    std::uint16_t count;
    PortDevice* device;
  };
  [[nodiscard]] const Range* find(std::uint16_t port, std::size_t size) const;

  std::vector<Range> ranges_;
};

}  // namespace virtsev::vmm
