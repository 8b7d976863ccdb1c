// SPDX-License-Identifier: LGPL-2.1-or-later
// The registers that every virtio function has (virtio 1.2, 4.1.4.3): features, status, queues.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "driver/vmm/virtio/split_queue.hpp"

namespace virtsev::vmm {

/// What a driver writes, in any order and width, held to the rules. Not locked, and starts nothing: the
/// transport does both.
class CommonConfiguration {
 public:
  static constexpr std::uint32_t kSize = 64;

  /// `features`: all that are offered. `vectors`: how many messages there are.
  CommonConfiguration(std::uint64_t features, const std::vector<std::uint16_t>& queue_sizes,
                      std::size_t vectors);

  /// `offset` and `data` lie within kSize. `generation`: of the device's configuration.
  void read(std::uint32_t offset, MutableBytes data, std::uint8_t generation) const;
  /// As read(). What is not a field, whole (or half of one of 64 bits; 4.1.3.1), is ignored. Gives what was
  /// written to the status, which is the one field that does more than keep its value.
  std::optional<std::uint8_t> write(std::uint32_t offset, ByteView data);

  /// What a write of a status other than 0 leads to (2.1, 3.1.1). True: the device is to start now.
  bool set_status(std::uint8_t value);
  [[nodiscard]] std::uint8_t status() const { return status_; }
  /// DEVICE_NEEDS_RESET (2.1.2). True: the driver is told, as it had the device running.
  bool set_needs_reset();
  /// As it is at first.
  void reset();

  [[nodiscard]] std::uint64_t driver_features() const { return driver_features_; }
  [[nodiscard]] std::vector<QueueSetup> queues() const;
  [[nodiscard]] std::uint16_t configuration_vector() const { return configuration_vector_; }
  [[nodiscard]] std::uint16_t queue_vector(std::size_t queue) const { return queues_[queue].vector; }

 private:
  struct QueueRegisters {
    std::uint16_t most = 0;
    std::uint16_t vector = 0;
    QueueSetup setup;
  };

  void write_field(std::uint32_t offset, std::uint64_t value);
  void write_queue_field(std::uint32_t offset, std::uint64_t value);
  void write_address(std::uint32_t offset, std::uint64_t value, std::size_t size);
  [[nodiscard]] std::uint16_t vector_or_none(std::uint64_t value) const;
  [[nodiscard]] bool accepts_features() const;
  [[nodiscard]] const QueueRegisters* selected() const;

  const std::uint64_t features_;
  const std::size_t vectors_;
  std::uint8_t status_ = 0;
  std::uint32_t device_feature_select_ = 0;
  std::uint32_t driver_feature_select_ = 0;
  std::uint64_t driver_features_ = 0;
  std::uint16_t configuration_vector_;
  std::uint16_t queue_select_ = 0;
  std::vector<QueueRegisters> queues_;
};

}  // namespace virtsev::vmm
