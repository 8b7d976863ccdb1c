// SPDX-License-Identifier: LGPL-2.1-or-later
// A queue and a transport for tests of devices: what a driver would offer, and what the device made of it.
#pragma once

#include <deque>
#include <map>

#include "driver/vmm/virtio/virtio_device.hpp"
#include "tests/driver/vmm/virtio/test_memory.hpp"

namespace virtsev::vmm::test {

/// Makes a chain piece by piece: ChainBuilder(memory).readable(bytes).writable(512).
class ChainBuilder {
 public:
  explicit ChainBuilder(TestMemory& memory) : memory_(memory) {}

  ChainBuilder& readable(ByteView bytes) { return readable_at({memory_.put(bytes), bytes.size()}); }
  ChainBuilder& writable(std::size_t size) { return writable_at({memory_.allocate(size), size}); }
  /// Anywhere, memory or not.
  ChainBuilder& readable_at(const DmaSegment& segment) {
    chain_.readable.push_back(segment);
    chain_.readable_bytes += segment.size;
    return *this;
  }
  ChainBuilder& writable_at(const DmaSegment& segment) {
    chain_.writable.push_back(segment);
    chain_.writable_bytes += segment.size;
    return *this;
  }
  [[nodiscard]] const Chain& chain() const { return chain_; }

 private:
  TestMemory& memory_;
  Chain chain_;
};

class FakeQueue final : public Queue {
 public:
  /// Gives the head that the device will give back.
  std::uint16_t offer(const ChainBuilder& builder) {
    Chain chain = builder.chain();
    chain.head = next_head_++;
    waiting_.push_back(chain);
    return chain.head;
  }
  /// What take() says once all buffers are taken.
  void fail_at_end(std::string what) { fault_ = QueueFault{std::move(what)}; }

  Result<std::optional<Chain>, QueueFault> take() override {
    if (waiting_.empty()) {
      return fault_ ? Result<std::optional<Chain>, QueueFault>(unexpected(*fault_)) : std::nullopt;
    }
    last_ = waiting_.front();
    waiting_.pop_front();
    return std::optional(last_);
  }
  void put_back() override { waiting_.push_front(last_); }
  void give_back(std::uint16_t head, std::uint32_t written) override {
    used[head] = written;
    order.push_back(head);
  }
  void notify() override { ++notifications; }

  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

  std::map<std::uint16_t, std::uint32_t> used;  ///< What was written, by head
  std::vector<std::uint16_t> order;
  int notifications = 0;

 private:
  std::deque<Chain> waiting_;
  Chain last_;
  std::uint16_t next_head_ = 0;
  std::optional<QueueFault> fault_;
};

class FakeTransport final : public VirtioTransport {
 public:
  void fail(const std::string& what) override { failures.push_back(what); }
  void configuration_changed() override { ++changes; }

  std::vector<std::string> failures;
  int changes = 0;
};

}  // namespace virtsev::vmm::test
