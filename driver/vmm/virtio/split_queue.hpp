// SPDX-License-Identifier: LGPL-2.1-or-later
// A split virtqueue (virtio 1.2, section 2.7) in memory that the guest shares.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "driver/vmm/virtio/queue.hpp"

namespace virtsev::vmm {

/// What a driver has told of a queue (4.1.4.3).
struct QueueSetup {
  bool enabled = false;
  std::uint16_t size = 0;
  GuestAddress descriptors;
  GuestAddress driver;  ///< The available ring
  GuestAddress device;  ///< The used ring
};

/// The rings' host memory, looked up once: it is there for as long as the machine is.
struct QueueRings {
  std::uint8_t* descriptors = nullptr;  ///< 16 bytes each (2.7.5)
  std::uint8_t* available = nullptr;    ///< 6 bytes, and 2 for each (2.7.6)
  std::uint8_t* used = nullptr;         ///< 6 bytes, and 8 for each (2.7.8)
};

/// The device's thread. The driver may write to the rings at any time: each field is read once, as a whole,
/// and looked at then.
class SplitQueue final : public Queue {
 public:
  struct Options {
    bool indirect = false;              ///< VIRTIO_F_INDIRECT_DESC
    bool event_index = false;           ///< VIRTIO_F_EVENT_IDX
    std::function<void()> interrupt{};  ///< The driver's, for this queue
  };

  /// Fails where a ring does not lie in memory, or is not aligned.
  static Result<std::unique_ptr<SplitQueue>, QueueFault> make(const QueueSetup& setup,
                                                              const SharedMemory& memory, Options options);

  Result<std::optional<Chain>, QueueFault> take() override;
  void put_back() override;
  void give_back(std::uint16_t head, std::uint32_t written) override;
  void notify() override;

 private:
  struct Descriptor {
    std::uint64_t address = 0;
    std::uint32_t size = 0;
    std::uint16_t flags = 0;
    std::uint16_t next = 0;
  };
  /// Where a chain's descriptors stand: in the queue's table, or in one of the driver's (2.7.5.3).
  struct Table {
    bool indirect = false;
    GuestAddress start;
    std::uint32_t count = 0;
  };

  SplitQueue(const QueueRings& rings, std::uint16_t size, const SharedMemory& memory, Options options)
      : rings_(rings), size_(size), memory_(memory), options_(std::move(options)) {}

  /// Whether there is another one; where there is none, the driver is to kick.
  Result<bool, QueueFault> find_available();
  void ask_for_kick(bool wanted);
  [[nodiscard]] Result<Chain, QueueFault> walk(std::uint16_t head) const;
  [[nodiscard]] Result<Table, QueueFault> enter(const Descriptor& descriptor) const;
  [[nodiscard]] Result<void, QueueFault> add(Chain& chain, const Descriptor& descriptor) const;
  [[nodiscard]] Result<Descriptor, QueueFault> descriptor(const Table& table, std::uint32_t index) const;

  [[nodiscard]] std::uint16_t available_index() const;
  [[nodiscard]] std::uint16_t used_event() const;
  [[nodiscard]] bool driver_wants_interrupt() const;

  const QueueRings rings_;
  const std::uint16_t size_;
  const SharedMemory& memory_;
  const Options options_;
  std::uint16_t next_available_ = 0;  // Free-running, as the rings' own indices are
  std::uint16_t known_available_ = 0;
  std::uint16_t next_used_ = 0;
  std::uint16_t notified_used_ = 0;  // next_used_ when notify() was last called
  std::uint16_t in_flight_ = 0;
  bool wants_kicks_ = true;
};

}  // namespace virtsev::vmm
