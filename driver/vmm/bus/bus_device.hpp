// SPDX-License-Identifier: LGPL-2.1-or-later
// What a bus asks of what is attached to it. Knows no KVM.
#pragma once

#include <cstdint>

#include "sevcore/base/bytes.hpp"

namespace virtsev::vmm {

/// Registers in a range of a bus. Any vCPU's thread calls at any time, several at once: whoever implements
/// this locks itself, and makes no call that may wait for long.
class BusDevice {
 public:
  virtual ~BusDevice() = default;
  /// `offset` counts from the range's first address; `data` holds 1 to 8 bytes, all within the range, and is
  /// filled whole.
  virtual void read(std::uint64_t offset, MutableBytes data) = 0;
  virtual void write(std::uint64_t offset, ByteView data) = 0;
};

/// A device whose registers are one byte wide: a wider access is that many neighbouring registers, lowest
/// first.
class ByteDevice : public BusDevice {
 public:
  void read(std::uint64_t offset, MutableBytes data) final {
    for (std::size_t i = 0; i < data.size(); ++i) {
      data[i] = read_register(offset + i);
    }
  }
  void write(std::uint64_t offset, ByteView data) final {
    for (std::size_t i = 0; i < data.size(); ++i) {
      write_register(offset + i, data[i]);
    }
  }

 protected:
  virtual std::uint8_t read_register(std::uint64_t offset) = 0;
  virtual void write_register(std::uint64_t offset, std::uint8_t value) = 0;
};

}  // namespace virtsev::vmm
