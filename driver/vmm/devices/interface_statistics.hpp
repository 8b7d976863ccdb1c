// SPDX-License-Identifier: LGPL-2.1-or-later
// What has gone over a network interface since its guest began.
#pragma once

#include <atomic>
#include <cstdint>

namespace virtsev::vmm {

struct InterfaceStatistics {
  struct Direction {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;   ///< Of frames, without virtio's header
    std::uint64_t errors = 0;  ///< Frames that are none, or that the host does not take
    std::uint64_t drops = 0;   ///< Frames that came while the link was down, or that fit no buffer
  };
  Direction received;  ///< By the guest
  Direction sent;      ///< By the guest
};

/// Counts of one direction. One thread adds; any thread reads, without a lock: each number by itself is
/// right.
class InterfaceCounter {
 public:
  void add_packet(std::uint64_t bytes) {
    packets_.fetch_add(1, std::memory_order_relaxed);
    bytes_.fetch_add(bytes, std::memory_order_relaxed);
  }
  void add_error() { errors_.fetch_add(1, std::memory_order_relaxed); }
  void add_drop() { drops_.fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] InterfaceStatistics::Direction get() const {
    return {packets_.load(std::memory_order_relaxed), bytes_.load(std::memory_order_relaxed),
            errors_.load(std::memory_order_relaxed), drops_.load(std::memory_order_relaxed)};
  }

 private:
  std::atomic<std::uint64_t> packets_{0};
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<std::uint64_t> errors_{0};
  std::atomic<std::uint64_t> drops_{0};
};

}  // namespace virtsev::vmm
