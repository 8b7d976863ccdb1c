// SPDX-License-Identifier: LGPL-2.1-or-later
// Memory that a guest shares, for tests: one range, and a place to take buffers from.
#pragma once

#include <algorithm>

#include "driver/vmm/memory/shared_memory.hpp"

namespace virtsev::vmm::test {

class TestMemory {
 public:
  static constexpr std::uint64_t kStart = 0x10000;
  static constexpr std::size_t kSize = 0x40000;

  [[nodiscard]] const SharedMemory& shared() const { return shared_; }
  /// A buffer of its own, aligned to 16 bytes.
  GuestAddress allocate(std::size_t size) {
    const std::uint64_t at = next_;
    next_ = round_up(next_ + size, 16);
    return GuestAddress(kStart + at);
  }
  GuestAddress put(ByteView bytes) {
    const GuestAddress at = allocate(bytes.size());
    (void)shared_.write(at, bytes);
    return at;
  }
  [[nodiscard]] Bytes get(GuestAddress at, std::size_t size) const {
    Bytes bytes(size);
    (void)shared_.read(at, bytes);
    return bytes;
  }
  template <typename Number>
  void put_number(GuestAddress at, Number value) {
    ByteArray<sizeof(Number)> bytes{};
    put_le<Number>(bytes, 0, value);
    (void)shared_.write(at, bytes);
  }
  template <typename Number>
  [[nodiscard]] Number number(GuestAddress at) const {
    return get_le<Number>(get(at, sizeof(Number)), 0);
  }

 private:
  // Whole pages, so that rings are aligned in the host as they are in the guest.
  struct alignas(kPageSize) Page {
    ByteArray<kPageSize> bytes{};
  };
  std::vector<Page> pages_ = std::vector<Page>(kSize / kPageSize);
  SharedMemory shared_{{{GuestAddress(kStart), kSize, pages_.front().bytes.data()}}};
  std::uint64_t next_ = 0;
};

}  // namespace virtsev::vmm::test
