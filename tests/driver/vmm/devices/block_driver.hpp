// SPDX-License-Identifier: LGPL-2.1-or-later
// A block device, and what a driver does with it: requests as the specification has them, or not.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "driver/vmm/devices/block_device.hpp"
#include "driver/vmm/devices/block_layout.hpp"
#include "tests/driver/vmm/storage/fake_engine.hpp"
#include "tests/driver/vmm/virtio/listed_queue.hpp"

namespace virtsev::vmm::test {

/// Its image is an engine that the test plays, of 1 MiB.
class BlockDriver : public testing::Test {
 protected:
  static constexpr std::uint64_t kSectors = 2048;

  void make(BlockDevice::Options options = {}, spec::Disk::Flush flush = spec::Disk::Flush::kAsked) {
    ImageFacts facts;
    facts.size = kSectors * 512;
    facts.physical_block = 4096;
    device_.reset();
    device_ = std::make_unique<BlockDevice>(std::move(options), facts, flush,
                                            std::make_unique<FakeEngine>(disk_), loop_, log_);
  }
  void start(std::uint64_t without = 0) {
    queues_.clear();
    std::vector<Queue*> queues;
    for (std::size_t i = 0; i < device_->queue_sizes().size(); ++i) {
      queues.push_back(queues_.emplace_back(std::make_unique<ListedQueue>()).get());
    }
    device_->start(device_->features() & ~without, queues, guest_.memory, transport_);
  }
  void make_and_start(BlockDevice::Options options = {}) {
    make(std::move(options));
    start();
  }
  ListedQueue& queue(std::size_t number = 0) { return *queues_.at(number); }

  DmaSegment header(std::uint32_t type, std::uint64_t sector) {
    Bytes bytes;
    append_le<std::uint32_t>(bytes, type);
    append_le<std::uint32_t>(bytes, 0);
    append_le<std::uint64_t>(bytes, sector);
    return guest_.put(bytes);
  }
  /// The place of a status byte that says nothing yet.
  DmaSegment status_place() { return guest_.put(Bytes{0xff}); }
  std::uint8_t status(DmaSegment place) { return guest_.get(place)[0]; }

  /// A request whose data lies in the descriptors given, carried out; its status, 0xff: not answered.
  std::uint8_t request(std::uint32_t type, std::uint64_t sector, std::vector<DmaSegment> out,
                       std::vector<DmaSegment> in) {
    out.insert(out.begin(), header(type, sector));
    const DmaSegment place = status_place();
    in.push_back(place);
    head_ = queue().add(std::move(out), std::move(in));
    device_->kicked(0);
    disk_.end_all();
    return status(place);
  }
  std::uint8_t range(std::uint32_t type, std::uint64_t sector, std::uint32_t sectors, std::uint32_t flags) {
    Bytes bytes;
    append_le<std::uint64_t>(bytes, sector);
    append_le<std::uint32_t>(bytes, sectors);
    append_le<std::uint32_t>(bytes, flags);
    return request(type, 0, {guest_.put(bytes)}, {});
  }
  template <typename Number>
  Number configuration(std::uint32_t offset) {
    ByteArray<sizeof(Number)> bytes{};
    device_->read_configuration(offset, bytes);
    return get_le<Number>(bytes, 0);
  }
  [[nodiscard]] bool has(std::uint64_t feature) const { return (device_->features() & feature) != 0; }

  ListedGuest guest_;
  ListedTransport transport_;
  FakeEngine::Seen disk_;
  EventLoop loop_;
  std::vector<std::string> lines_;
  DeviceLog log_{"disk0", [this](const std::string& line) { lines_.push_back(line); }};
  std::vector<std::unique_ptr<ListedQueue>> queues_;
  std::unique_ptr<BlockDevice> device_;
  std::uint16_t head_ = 0;
};

}  // namespace virtsev::vmm::test
