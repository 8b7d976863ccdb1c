// SPDX-License-Identifier: LGPL-2.1-or-later
// Rings and descriptors of any bytes, changed between the device's looks at them. What comes out of the queue
// is whole: its pieces lie in memory, it is no longer than the queue, and it ends. Input: sizes and features,
// then bytes for memory.
#include "driver/vmm/virtio/split_queue.hpp"

#include <numeric>

#include "tests/fuzz/input.hpp"

using namespace virtsev;
using fuzz::require;

namespace {

constexpr std::uint64_t kStart = 0x1000;
constexpr std::size_t kSize = 4 * kPageSize;

std::uint64_t bytes_in(const vmm::SharedMemory& memory, const std::vector<vmm::DmaSegment>& segments) {
  std::uint64_t bytes = 0;
  for (const vmm::DmaSegment& segment : segments) {
    require(segment.size == 0 || memory.contains(segment.start, segment.size));
    bytes += segment.size;
  }
  return bytes;
}

void check(const vmm::Chain& chain, const vmm::SharedMemory& memory, std::uint16_t size) {
  require(chain.readable.size() + chain.writable.size() <= size);
  require(bytes_in(memory, chain.readable) == chain.readable_bytes);
  require(bytes_in(memory, chain.writable) == chain.writable_bytes);
  require(chain.readable_bytes + chain.writable_bytes <= 1ULL << 32);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  alignas(kPageSize) static std::uint8_t bytes[kSize];
  std::fill(std::begin(bytes), std::end(bytes), std::uint8_t{0});
  const vmm::SharedMemory memory({{GuestAddress(kStart), kSize, bytes}});
  fuzz::Input input(ByteView(data, size));

  const auto options = input.number<std::uint8_t>();
  vmm::QueueSetup setup{true, static_cast<std::uint16_t>(1U << (options >> 2) % 8), GuestAddress(kStart),
                        GuestAddress(kStart + kPageSize), GuestAddress(kStart + 2 * kPageSize)};
  if ((options & 0x80) != 0) {  // Rings anywhere, also on each other
    setup.descriptors = GuestAddress(kStart + input.number<std::uint16_t>());
    setup.driver = GuestAddress(kStart + input.number<std::uint16_t>());
    setup.device = GuestAddress(kStart + input.number<std::uint16_t>());
  }
  std::uint64_t interrupts = 0;
  auto queue =
      vmm::SplitQueue::make(setup, memory, {(options & 1) != 0, (options & 2) != 0, [&] { ++interrupts; }});
  if (!queue) {
    require(!queue.error().what.empty());
    return 0;
  }
  std::vector<std::uint16_t> taken;
  std::uint64_t notifications = 0;
  while (!input.empty()) {
    const auto kind = input.number<std::uint8_t>();
    const auto at = input.number<std::uint16_t>();
    const ByteView written = input.take(1 + kind % 32);
    std::copy_n(written.begin(), std::min(written.size(), kSize - at % kSize), bytes + at % kSize);
    auto chain = (*queue)->take();
    if (!chain) {
      require(!chain.error().what.empty());
      return 0;
    }
    if (*chain) {
      check(**chain, memory, setup.size);
      if ((kind & 0x40) != 0) {
        (*queue)->put_back();
      } else {
        taken.push_back((*chain)->head);
      }
    }
    require(taken.size() <= setup.size);
    if ((kind & 0x20) != 0 && !taken.empty()) {
      (*queue)->give_back(taken.back(), at);
      taken.pop_back();
      (*queue)->notify();
      ++notifications;
    }
  }
  require(interrupts <= notifications);
  return 0;
}
