// SPDX-License-Identifier: LGPL-2.1-or-later
// A network device, and what a driver does with it.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "driver/vmm/devices/network_device.hpp"
#include "driver/vmm/devices/network_layout.hpp"
#include "tests/driver/vmm/network/fake_port.hpp"
#include "tests/driver/vmm/virtio/listed_queue.hpp"

namespace virtsev::vmm::test {

class NetworkDriver : public testing::Test {
 protected:
  void make(std::size_t pairs = 1, NetworkDevice::Options options = {{2, 0, 0, 1, 2, 3}, 0, true}) {
    std::vector<std::unique_ptr<NetworkPort>> ports;
    for (std::size_t i = 0; i < pairs; ++i) {
      ports.push_back(std::make_unique<FakePort>(host_.at(i)));
    }
    device_ = std::make_unique<NetworkDevice>(options, std::move(ports), loop_, log_);
  }
  void start(std::uint64_t without = 0) {
    queues_.clear();
    std::vector<Queue*> queues;
    for (std::size_t i = 0; i < device_->queue_sizes().size(); ++i) {
      queues.push_back(queues_.emplace_back(std::make_unique<ListedQueue>()).get());
    }
    device_->start(device_->features() & ~without, queues, guest_.memory, transport_);
  }
  void make_and_start(std::size_t pairs = 1) {
    make(pairs);
    start();
  }
  ListedQueue& queue(std::size_t number) { return *queues_.at(number); }

  /// A header of a certain flag and type, and a frame.
  static Bytes frame(std::size_t size, std::uint8_t fill, std::uint8_t flags = 0) {
    Bytes bytes(kFrameHeaderSize + size, fill);
    std::fill_n(bytes.begin(), kFrameHeaderSize, 0);
    bytes[net::kFlagsAt] = flags;
    return bytes;
  }
  std::uint16_t add_buffer(std::size_t size, std::size_t pair = 0) {
    const DmaSegment room = guest_.room(size);
    buffers_.push_back(room);
    return queue(2 * pair).add({}, {room});
  }
  void host_sends(Bytes bytes, std::size_t pair = 0) {
    host_[pair].incoming.push_back(std::move(bytes));
    host_[pair].run();
  }
  void driver_sends(const Bytes& bytes, std::size_t pair = 0) {
    const DmaSegment at = guest_.put(bytes);
    queue(2 * pair + 1).add({{at.start, 3}, {at.start + 3, at.size - 3}}, {});
    device_->kicked(static_cast<std::uint16_t>(2 * pair + 1));
  }
  /// The answer to a command; 0xff: none.
  std::uint8_t command(const Bytes& bytes, std::size_t queue_number) {
    const DmaSegment answer = guest_.put(Bytes{0xff});
    queue(queue_number).add({guest_.put(bytes)}, {answer});
    device_->kicked(static_cast<std::uint16_t>(queue_number));
    return guest_.get(answer)[0];
  }
  std::uint8_t status() {
    ByteArray<1> bytes{};
    device_->read_configuration(net::kStatusAt, bytes);
    return bytes[0];
  }
  [[nodiscard]] bool has(std::uint64_t feature) const { return (device_->features() & feature) == feature; }

  ListedGuest guest_;
  ListedTransport transport_;
  std::array<FakePort::Seen, NetworkDevice::kMostPairs> host_;
  EventLoop loop_;
  std::vector<std::string> lines_;
  DeviceLog log_{"net0", [this](const std::string& line) { lines_.push_back(line); }};
  std::vector<std::unique_ptr<ListedQueue>> queues_;
  std::vector<DmaSegment> buffers_;
  std::unique_ptr<NetworkDevice> device_;
};

}  // namespace virtsev::vmm::test
