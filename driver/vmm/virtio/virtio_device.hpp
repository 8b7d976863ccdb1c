// SPDX-License-Identifier: LGPL-2.1-or-later
// The seam between a kind of device (block, network, entropy) and what carries it to the guest (PCI): neither
// knows the other.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "driver/vmm/virtio/queue.hpp"
#include "sevcore/base/bytes.hpp"

namespace virtsev::vmm {

/// What a device asks of its transport. Outlives the device's run.
class VirtioTransport {
 public:
  virtual ~VirtioTransport() = default;
  /// The driver broke the protocol: the log says why, the device needs a reset (2.1.2, DEVICE_NEEDS_RESET),
  /// and stop() follows. The device's thread, from within a call of the device or outside of one.
  virtual void fail(const std::string& what) = 0;
  /// The device's configuration has changed (2.3). Any thread.
  virtual void configuration_changed() = 0;
};

/// One virtio device without its transport. The thread of its loop (Surroundings::device_loop), called "the
/// device's thread" here, moves its data; vCPUs' threads reach only its configuration.
class VirtioDevice {
 public:
  virtual ~VirtioDevice() = default;

  // What it is: never changes. Any thread.

  /// The device type (virtio 1.2, section 5): 1 network, 2 block, 4 entropy.
  [[nodiscard]] virtual std::uint16_t type() const = 0;
  /// A class code of PCI (PCI Code and ID Assignment 1.11): 0x010000, 0x020000.
  [[nodiscard]] virtual std::uint32_t pci_class() const = 0;
  /// The device type's own feature bits. VERSION_1, ACCESS_PLATFORM (always, and a driver that does not take
  /// it is refused), RING_INDIRECT_DESC and RING_EVENT_IDX are the transport's.
  [[nodiscard]] virtual std::uint64_t features() const = 0;
  /// The largest size of each queue, a power of 2.
  [[nodiscard]] virtual std::vector<std::uint16_t> queue_sizes() const = 0;

  // Its configuration space (2.5), of the size that the type has. Any thread; locks itself.

  [[nodiscard]] virtual std::uint32_t configuration_size() const = 0;
  /// `offset` and `data` lie within it.
  virtual void read_configuration(std::uint32_t offset, MutableBytes data) = 0;
  virtual void write_configuration(std::uint32_t /*offset*/, ByteView /*data*/) {}

  // Its life, once for each time that a driver sets it up. The device's thread.

  /// The driver is ready (DRIVER_OK). `features`: what it took. `queues`: one for each size above, null where
  /// the driver has not enabled it. Queues, memory and transport outlive the call of `stopped` in stop().
  virtual void start(std::uint64_t features, std::vector<Queue*> queues, const SharedMemory& memory,
                     VirtioTransport& transport) = 0;
  /// There may be new buffers in a queue. Comes once for each queue after start(), too.
  virtual void kicked(std::uint16_t queue) = 0;
  /// The driver resets the device, or it failed. No call of a queue follows that of `stopped`, which comes
  /// once everything that was begun has ended: now, or later on the same thread.
  virtual void stop(std::function<void()> stopped) = 0;
};

}  // namespace virtsev::vmm
