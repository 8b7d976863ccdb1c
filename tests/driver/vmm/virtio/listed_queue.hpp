// SPDX-License-Identifier: LGPL-2.1-or-later
// A queue without rings, and the memory and transport beside it, for tests of devices: the driver's buffers
// as a list.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "driver/vmm/virtio/virtio_device.hpp"

namespace virtsev::vmm::test {

class ListedTransport final : public VirtioTransport {
 public:
  void fail(const std::string& what) override { failures.push_back(what); }
  void configuration_changed() override { ++changes; }
  std::vector<std::string> failures;
  int changes = 0;
};

/// Memory that a guest shares, with a pointer that moves on.
class ListedGuest {
 public:
  static constexpr std::uint64_t kStart = 0x100000;
  explicit ListedGuest(std::size_t size = 4U << 20) : bytes_(size) {}

  /// Room at the next address that is a multiple of `alignment`.
  DmaSegment room(std::uint64_t size, std::uint64_t alignment = 16) {
    next_ = round_up(next_, alignment);
    const DmaSegment segment{GuestAddress(kStart + next_), size};
    next_ += size;
    return segment;
  }
  DmaSegment put(ByteView data, std::uint64_t alignment = 16) {
    const DmaSegment segment = room(data.size(), alignment);
    (void)memory.write(segment.start, data);
    return segment;
  }
  [[nodiscard]] Bytes get(DmaSegment segment) const {
    Bytes data(segment.size);
    (void)memory.read(segment.start, data);
    return data;
  }
  void forget() { next_ = 0; }

 private:
  Bytes bytes_;
  std::uint64_t next_ = 0;

 public:
  SharedMemory memory{std::vector<GuestMemory::Range>{{GuestAddress(kStart), bytes_.size(), bytes_.data()}}};
};

class ListedQueue final : public Queue {
 public:
  /// Makes a buffer available; its head.
  std::uint16_t add(std::vector<DmaSegment> readable, std::vector<DmaSegment> writable) {
    Chain chain{next_head_++, std::move(readable), std::move(writable), 0, 0};
    for (const DmaSegment& segment : chain.readable) {
      chain.readable_bytes += segment.size;
    }
    for (const DmaSegment& segment : chain.writable) {
      chain.writable_bytes += segment.size;
    }
    available.push_back(chain);
    return chain.head;
  }

  Result<std::optional<Chain>, QueueFault> take() override {
    if (fault) {
      return unexpected(QueueFault{*fault});
    }
    if (available.empty()) {
      return std::optional<Chain>{};
    }
    last_ = available.front();
    available.pop_front();
    ++taken;
    return last_;
  }
  void put_back() override {
    available.push_front(last_.value());
    last_.reset();
    --taken;
  }
  void give_back(std::uint16_t head, std::uint32_t written) override {
    used[head] = written;
    order.push_back(head);
  }
  void notify() override { ++notified; }

  std::deque<Chain> available;
  std::map<std::uint16_t, std::uint32_t> used;  ///< Head to bytes written
  std::vector<std::uint16_t> order;
  std::optional<std::string> fault;
  int taken = 0;
  int notified = 0;

 private:
  std::optional<Chain> last_;
  std::uint16_t next_head_ = 0;
};

}  // namespace virtsev::vmm::test
