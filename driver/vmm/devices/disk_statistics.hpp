// SPDX-License-Identifier: LGPL-2.1-or-later
// What a disk has done since its guest began.
#pragma once

#include <atomic>
#include <cstdint>

namespace virtsev::vmm {

struct DiskStatistics {
  struct Kind {
    std::uint64_t requests = 0;     ///< That ended well
    std::uint64_t bytes = 0;        ///< Of them
    std::uint64_t nanoseconds = 0;  ///< From taken to given back, the sum over them
  };
  Kind read;
  Kind write;
  Kind flush;
  std::uint64_t errors = 0;  ///< Requests that were answered with an error
};

/// Counts of one kind. One thread adds; any thread reads, without a lock: each number by itself is right.
class DiskCounter {
 public:
  void add(std::uint64_t bytes, std::uint64_t nanoseconds) {
    requests_.fetch_add(1, std::memory_order_relaxed);
    bytes_.fetch_add(bytes, std::memory_order_relaxed);
    nanoseconds_.fetch_add(nanoseconds, std::memory_order_relaxed);
  }
  [[nodiscard]] DiskStatistics::Kind get() const {
    return {requests_.load(std::memory_order_relaxed), bytes_.load(std::memory_order_relaxed),
            nanoseconds_.load(std::memory_order_relaxed)};
  }

 private:
  std::atomic<std::uint64_t> requests_{0};
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<std::uint64_t> nanoseconds_{0};
};

}  // namespace virtsev::vmm
