// SPDX-License-Identifier: LGPL-2.1-or-later
// A driver's side of a split virtqueue: makes descriptors as a test wants them, right or wrong, and offers
// them.
#pragma once

#include "driver/vmm/virtio/split_queue.hpp"
#include "tests/driver/vmm/virtio/test_memory.hpp"

namespace virtsev::vmm::test {

/// As it stands in memory (virtio 1.2, 2.7.5).
struct RawDescriptor {
  GuestAddress address;
  std::uint32_t size = 0;
  std::uint16_t flags = 0;
  std::uint16_t next = 0;
};
inline constexpr std::uint16_t kNext = 1;
inline constexpr std::uint16_t kWrite = 2;
inline constexpr std::uint16_t kIndirect = 4;

class DriverRings {
 public:
  explicit DriverRings(TestMemory& memory, std::uint16_t size = 8)
      : memory_(memory),
        setup_{true, size, memory.allocate(16 * size), memory.allocate(6 + 2 * size),
               memory.allocate(6 + 8 * size)} {}

  [[nodiscard]] const QueueSetup& setup() const { return setup_; }

  void put(std::uint16_t index, const RawDescriptor& descriptor) {
    put_at(setup_.descriptors + 16 * index, descriptor);
  }
  /// Descriptors from `first` on, each linked to the next.
  void put_chain(std::uint16_t first, std::vector<RawDescriptor> chain) {
    for (std::size_t i = 0; i < chain.size(); ++i) {
      const auto index = static_cast<std::uint16_t>(first + i);
      if (i + 1 < chain.size()) {
        chain[i].flags |= kNext;
        chain[i].next = static_cast<std::uint16_t>(index + 1);
      }
      put(index, chain[i]);
    }
  }
  /// An indirect table, linked or as it is; the descriptor that names it.
  RawDescriptor table(std::vector<RawDescriptor> chain, bool link = true) {
    const GuestAddress at = memory_.allocate(16 * chain.size());
    for (std::size_t i = 0; i < chain.size(); ++i) {
      if (link && i + 1 < chain.size()) {
        chain[i].flags |= kNext;
        chain[i].next = static_cast<std::uint16_t>(i + 1);
      }
      put_at(at + 16 * i, chain[i]);
    }
    return {at, static_cast<std::uint32_t>(16 * chain.size()), kIndirect, 0};
  }

  void offer(std::uint16_t head) {
    memory_.put_number<std::uint16_t>(setup_.driver + 4 + 2 * (available_ % setup_.size), head);
    set_available(static_cast<std::uint16_t>(available_ + 1));
  }
  void set_available(std::uint16_t index) {
    available_ = index;
    memory_.put_number<std::uint16_t>(setup_.driver + 2, index);
  }
  void set_available_flags(std::uint16_t flags) { memory_.put_number<std::uint16_t>(setup_.driver, flags); }
  /// Of VIRTIO_F_EVENT_IDX (2.7.10).
  void set_used_event(std::uint16_t index) {
    memory_.put_number<std::uint16_t>(setup_.driver + 4 + 2 * setup_.size, index);
  }
  [[nodiscard]] std::uint16_t available_event() const {
    return memory_.number<std::uint16_t>(setup_.device + 4 + 8 * setup_.size);
  }

  [[nodiscard]] std::uint16_t used_flags() const { return memory_.number<std::uint16_t>(setup_.device); }
  [[nodiscard]] std::uint16_t used() const { return memory_.number<std::uint16_t>(setup_.device + 2); }
  [[nodiscard]] std::uint32_t used_head(std::uint16_t index) const {
    return memory_.number<std::uint32_t>(setup_.device + 4 + 8 * (index % setup_.size));
  }
  [[nodiscard]] std::uint32_t used_length(std::uint16_t index) const {
    return memory_.number<std::uint32_t>(setup_.device + 8 + 8 * (index % setup_.size));
  }

 private:
  void put_at(GuestAddress at, const RawDescriptor& descriptor) {
    ByteArray<16> bytes{};
    put_le<std::uint64_t>(bytes, 0, descriptor.address.value());
    put_le<std::uint32_t>(bytes, 8, descriptor.size);
    put_le<std::uint16_t>(bytes, 12, descriptor.flags);
    put_le<std::uint16_t>(bytes, 14, descriptor.next);
    (void)memory_.shared().write(at, bytes);
  }

  TestMemory& memory_;
  QueueSetup setup_;
  std::uint16_t available_ = 0;
};

}  // namespace virtsev::vmm::test
