// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/virtio/common_configuration.hpp"

#include <algorithm>
#include <bit>

#include "driver/vmm/virtio/virtio_numbers.hpp"

namespace virtsev::vmm {
namespace {

using namespace virtio;

// struct virtio_pci_common_cfg (4.1.4.3).
enum Field : std::uint32_t {
  kDeviceFeatureSelect = 0,
  kDeviceFeature = 4,
  kDriverFeatureSelect = 8,
  kDriverFeature = 12,
  kConfigurationVector = 16,
  kQueueCount = 18,
  kStatus = 20,
  kGeneration = 21,
  kQueueSelect = 22,
  kQueueSize = 24,
  kQueueVector = 26,
  kQueueEnable = 28,
  kQueueNotifyOffset = 30,
  kQueueDescriptors = 32,
  kQueueDriver = 40,
  kQueueDevice = 48,
  kQueueNotifyData = 56,
};

constexpr std::uint8_t kDriversBits = kAcknowledge | kDriver | kDriverOk | kFeaturesOk | kFailed;

/// The width of the field that begins here, of those that a driver writes; 0: none does.
std::size_t width_at(std::uint32_t offset) {
  switch (offset) {
    case kDeviceFeatureSelect:
    case kDriverFeatureSelect:
    case kDriverFeature:
      return 4;
    case kConfigurationVector:
    case kQueueSelect:
    case kQueueSize:
    case kQueueVector:
    case kQueueEnable:
      return 2;
    case kStatus:
      return 1;
    default:
      return 0;
  }
}

std::uint64_t number_in(ByteView data) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < data.size(); ++i) {
    value |= std::uint64_t{data[i]} << 8 * i;
  }
  return value;
}

/// 32 bits of the 64; nothing of those above.
std::uint32_t part(std::uint64_t features, std::uint32_t select) {
  return select < 2 ? static_cast<std::uint32_t>(features >> 32 * select) : 0;
}

}  // namespace

CommonConfiguration::CommonConfiguration(std::uint64_t features,
                                         const std::vector<std::uint16_t>& queue_sizes, std::size_t vectors)
    : features_(features), vectors_(vectors), configuration_vector_(kNoVector) {
  for (const std::uint16_t size : queue_sizes) {
    queues_.push_back({size, kNoVector, {}});
  }
  reset();
}

void CommonConfiguration::reset() {
  status_ = 0;
  device_feature_select_ = 0;
  driver_feature_select_ = 0;
  driver_features_ = 0;
  configuration_vector_ = kNoVector;
  queue_select_ = 0;
  for (QueueRegisters& queue : queues_) {
    queue.vector = kNoVector;
    queue.setup = {};
    queue.setup.size = queue.most;
  }
}

const CommonConfiguration::QueueRegisters* CommonConfiguration::selected() const {
  return queue_select_ < queues_.size() ? &queues_[queue_select_] : nullptr;
}

void CommonConfiguration::read(std::uint32_t offset, MutableBytes data, std::uint8_t generation) const {
  ByteArray<kSize> all{};
  const MutableBytes image(all);
  put_le<std::uint32_t>(image, kDeviceFeatureSelect, device_feature_select_);
  put_le<std::uint32_t>(image, kDeviceFeature, part(features_, device_feature_select_));
  put_le<std::uint32_t>(image, kDriverFeatureSelect, driver_feature_select_);
  put_le<std::uint32_t>(image, kDriverFeature, part(driver_features_, driver_feature_select_));
  put_le<std::uint16_t>(image, kConfigurationVector, configuration_vector_);
  put_le<std::uint16_t>(image, kQueueCount, static_cast<std::uint16_t>(queues_.size()));
  image[kStatus] = status_;
  image[kGeneration] = generation;
  put_le<std::uint16_t>(image, kQueueSelect, queue_select_);
  // A queue that there is not has the size 0 (4.1.4.3.1).
  if (const QueueRegisters* queue = selected()) {
    put_le<std::uint16_t>(image, kQueueSize, queue->setup.size);
    put_le<std::uint16_t>(image, kQueueVector, queue->vector);
    put_le<std::uint16_t>(image, kQueueEnable, queue->setup.enabled ? 1 : 0);
    put_le<std::uint16_t>(image, kQueueNotifyOffset, queue_select_);
    put_le<std::uint64_t>(image, kQueueDescriptors, queue->setup.descriptors.value());
    put_le<std::uint64_t>(image, kQueueDriver, queue->setup.driver.value());
    put_le<std::uint64_t>(image, kQueueDevice, queue->setup.device.value());
    put_le<std::uint16_t>(image, kQueueNotifyData, queue_select_);
  }
  std::copy_n(all.begin() + offset, data.size(), data.begin());
}

std::optional<std::uint8_t> CommonConfiguration::write(std::uint32_t offset, ByteView data) {
  if (offset >= kQueueDescriptors && offset < kQueueNotifyData) {
    write_address(offset, number_in(data), data.size());
  } else if (data.size() == width_at(offset)) {
    if (offset == kStatus) {
      return data[0];
    }
    if (offset >= kQueueSize) {
      write_queue_field(offset, number_in(data));
    } else {
      write_field(offset, number_in(data));
    }
  }
  return std::nullopt;
}

std::uint16_t CommonConfiguration::vector_or_none(std::uint64_t value) const {
  // A vector that there is not reads back as none: so the driver sees that it has none (4.1.5.1.2.1).
  return value < vectors_ ? static_cast<std::uint16_t>(value) : kNoVector;
}

void CommonConfiguration::write_field(std::uint32_t offset, std::uint64_t value) {
  const auto word = static_cast<std::uint32_t>(value);
  switch (offset) {
    case kDeviceFeatureSelect:
      device_feature_select_ = word;
      break;
    case kDriverFeatureSelect:
      driver_feature_select_ = word;
      break;
    case kDriverFeature:
      // Fixed once both agree on them (3.1.1, step 5).
      if (driver_feature_select_ < 2 && (status_ & kFeaturesOk) == 0) {
        const std::uint32_t shift = 32 * driver_feature_select_;
        driver_features_ = (driver_features_ & ~(std::uint64_t{0xffffffff} << shift)) | std::uint64_t{word}
                                                                                            << shift;
      }
      break;
    case kConfigurationVector:
      configuration_vector_ = vector_or_none(value);
      break;
    default:
      queue_select_ = static_cast<std::uint16_t>(value);
      break;
  }
}

void CommonConfiguration::write_queue_field(std::uint32_t offset, std::uint64_t value) {
  if (queue_select_ >= queues_.size()) {
    return;
  }
  QueueRegisters& queue = queues_[queue_select_];
  if (offset == kQueueVector) {
    queue.vector = vector_or_none(value);
  } else if (queue.setup.enabled) {
    return;  // In use: it stays as it is until the reset (4.1.4.3.2)
  } else if (offset == kQueueEnable) {
    // Only a 1 is a value (4.1.4.3.2), and not before both agree on features (3.1.1, step 7).
    queue.setup.enabled = value == 1 && (status_ & (kFeaturesOk | kDriverOk)) == kFeaturesOk;
  } else if (std::has_single_bit(value) && value <= queue.most) {
    queue.setup.size =
        static_cast<std::uint16_t>(value);  // 4.1.4.3.2: a power of 2, and no larger than given
  }
}

void CommonConfiguration::write_address(std::uint32_t offset, std::uint64_t value, std::size_t size) {
  const bool whole = size == 8 && offset % 8 == 0;
  const bool half = size == 4 && offset % 4 == 0;
  if (queue_select_ >= queues_.size() || queues_[queue_select_].setup.enabled || (!whole && !half)) {
    return;
  }
  QueueSetup& setup = queues_[queue_select_].setup;
  GuestAddress& address = offset < kQueueDriver   ? setup.descriptors
                          : offset < kQueueDevice ? setup.driver
                                                  : setup.device;
  const std::uint32_t shift = 8 * (offset % 8);
  const std::uint64_t kept = whole ? 0 : address.value() & ~(std::uint64_t{0xffffffff} << shift);
  address = GuestAddress(kept | value << shift);
}

bool CommonConfiguration::accepts_features() const {
  return (driver_features_ & ~features_) == 0 && (driver_features_ & kRequiredFeatures) == kRequiredFeatures;
}

bool CommonConfiguration::set_status(std::uint8_t value) {
  std::uint8_t added =
      value & kDriversBits & static_cast<std::uint8_t>(~status_);  // None is taken back (2.1.1)
  if ((added & kFeaturesOk) != 0 && !accepts_features()) {
    added &=
        static_cast<std::uint8_t>(~kFeaturesOk);  // Reads as 0: the driver gives up (2.2.2, 3.1.1, step 6)
  }
  status_ |= added;
  if ((status_ & kFeaturesOk) == 0) {
    status_ &= static_cast<std::uint8_t>(~kDriverOk);  // Too early
    return false;
  }
  return (added & kDriverOk) != 0 && (status_ & (kNeedsReset | kFailed)) == 0;
}

bool CommonConfiguration::set_needs_reset() {
  status_ |= kNeedsReset;
  return (status_ & kDriverOk) != 0;
}

std::vector<QueueSetup> CommonConfiguration::queues() const {
  std::vector<QueueSetup> setups;
  for (const QueueRegisters& queue : queues_) {
    setups.push_back(queue.setup);
  }
  return setups;
}

}  // namespace virtsev::vmm
