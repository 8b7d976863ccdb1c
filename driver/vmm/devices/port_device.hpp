// SPDX-License-Identifier: LGPL-2.1-or-later
// What an I/O port device is to the monitor. Devices know no KVM: they get port accesses, and drive an
// interrupt line.
//
// Every device of this folder locks itself: any vCPU's thread and the I/O thread may call it at any time.
#pragma once

#include <cstdint>
#include <functional>

#include "sevcore/base/bytes.hpp"

namespace virtsev::vmm {

/// Sets the level of an interrupt line. Called with the device's lock held, only when the level changes.
using InterruptLine = std::function<void(bool level)>;

class PortDevice {
 public:
  virtual ~PortDevice() = default;
  /// `offset` counts from the device's first port; `data` holds 1, 2 or 4 bytes, all within the device's
  /// range, and is filled whole.
  virtual void read(std::uint16_t offset, MutableBytes data) = 0;
  virtual void write(std::uint16_t offset, ByteView data) = 0;
};

/// A device whose registers are one byte wide: a wider access is that many neighbouring registers, lowest
/// first.
class BytePortDevice : public PortDevice {
 public:
  void read(std::uint16_t offset, MutableBytes data) final {
    for (std::size_t i = 0; i < data.size(); ++i) {
      data[i] = read_register(static_cast<std::uint16_t>(offset + i));
    }
  }
  void write(std::uint16_t offset, ByteView data) final {
    for (std::size_t i = 0; i < data.size(); ++i) {
      write_register(static_cast<std::uint16_t>(offset + i), data[i]);
    }
  }

 protected:
  virtual std::uint8_t read_register(std::uint16_t offset) = 0;
  virtual void write_register(std::uint16_t offset, std::uint8_t value) = 0;
};

}  // namespace virtsev::vmm
