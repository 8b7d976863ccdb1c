// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/port_bus.hpp"

#include <algorithm>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {

void PortBus::attach(std::uint16_t first, std::uint16_t count, PortDevice& device) {
  const std::uint32_t end = std::uint32_t{first} + count;
  const bool overlaps = std::any_of(ranges_.begin(), ranges_.end(), [&](const Range& range) {
    return first < std::uint32_t{range.first} + range.count && range.first < end;
  });
  if (overlaps || count == 0 || end > 0x10000) {
    throw Error(ErrorCode::kInternal,
                text("ports {:#x} to {:#x} can't be given to a device", first, end - 1));
  }
  ranges_.push_back({first, count, &device});
}

const PortBus::Range* PortBus::find(std::uint16_t port, std::size_t size) const {
  for (const Range& range : ranges_) {
    if (port >= range.first && port + size <= std::size_t{range.first} + range.count) {
      return &range;
    }
  }
  return nullptr;
}

void PortBus::read(std::uint16_t port, MutableBytes data) const {
  if (const Range* range = find(port, data.size())) {
    range->device->read(static_cast<std::uint16_t>(port - range->first), data);
  } else {
    std::fill(data.begin(), data.end(), std::uint8_t{0xff});
  }
}

void PortBus::write(std::uint16_t port, ByteView data) const {
  if (const Range* range = find(port, data.size())) {
    range->device->write(static_cast<std::uint16_t>(port - range->first), data);
  }
}

}  // namespace virtsev::vmm
