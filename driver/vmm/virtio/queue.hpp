// SPDX-License-Identifier: LGPL-2.1-or-later
// A virtqueue as its device sees it (virtio 1.2, section 2.7, "Split Virtqueues"): buffers come, and go back
// used. Knows no transport.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "driver/vmm/memory/shared_memory.hpp"
#include "sevcore/base/result.hpp"

namespace virtsev::vmm {

/// One buffer of the driver's: a chain of descriptors. What the device reads comes before what it writes
/// (2.7.4.2). The segments are the guest's, and may lie anywhere: SharedMemory::iovecs() checks them.
struct Chain {
  std::uint16_t head = 0;  ///< What give_back() wants
  std::vector<DmaSegment> readable;
  std::vector<DmaSegment> writable;
  std::uint64_t readable_bytes = 0;
  std::uint64_t writable_bytes = 0;
};

/// How a driver broke the protocol: the device stops, and nothing else does.
struct QueueFault {
  std::string what;  ///< For the log: which rule, and what was found
};

/// Of one device, between two resets of it. The device's thread calls all of it (virtio_device.hpp); a test
/// has one of its own making.
class Queue {
 public:
  virtual ~Queue() = default;

  /// The next buffer, in the driver's order; none: there is none, and the driver kicks when there is. Reads
  /// each descriptor once.
  virtual Result<std::optional<Chain>, QueueFault> take() = 0;
  /// Undoes the last take(): its buffer comes again. For a device that can't use it yet.
  virtual void put_back() = 0;
  /// A buffer is used; `written`: bytes from the first writable one on. In any order.
  virtual void give_back(std::uint16_t head, std::uint32_t written) = 0;
  /// After some give_back(): interrupts the driver, if it wants to know (2.7.10).
  virtual void notify() = 0;
};

}  // namespace virtsev::vmm
