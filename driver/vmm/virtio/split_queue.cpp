// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/virtio/split_queue.hpp"

#include <array>
#include <atomic>
#include <bit>
#include <utility>

#include "driver/vmm/virtio/ring_fields.hpp"
#include "driver/vmm/virtio/virtio_numbers.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {
namespace {

// Flags of a descriptor (2.7.5), of the used ring (2.7.8), of the available ring (2.7.6).
constexpr std::uint16_t kNext = 1;
constexpr std::uint16_t kWrite = 2;
constexpr std::uint16_t kIndirect = 4;
constexpr std::uint16_t kNoNotify = 1;
constexpr std::uint16_t kNoInterrupt = 1;

constexpr std::size_t kDescriptorBytes = 16;
constexpr std::size_t kFlags = 0;  // In both rings
constexpr std::size_t kIndex = 2;
constexpr std::size_t kRing = 4;
constexpr std::size_t kAvailableBytes = 2;
constexpr std::size_t kUsedBytes = 8;

unexpected<QueueFault> fault(std::string what) { return unexpected(QueueFault{std::move(what)}); }

/// Null where it is not memory that the guest shares, whole.
std::uint8_t* find(const SharedMemory& memory, GuestAddress start, std::uint64_t size,
                   std::uint64_t alignment) {
  const std::array<DmaSegment, 1> segment = {DmaSegment{start, size}};
  const auto pieces = memory.iovecs(segment);
  const bool whole = pieces && pieces->size() == 1 && start.value() % alignment == 0;
  return whole ? static_cast<std::uint8_t*>(pieces->front().iov_base) : nullptr;
}

}  // namespace

Result<std::unique_ptr<SplitQueue>, QueueFault> SplitQueue::make(const QueueSetup& setup,
                                                                 const SharedMemory& memory,
                                                                 Options options) {
  if (!std::has_single_bit(setup.size) || setup.size > virtio::kMostDescriptors) {
    return fault(text("a queue of {} descriptors: not a power of 2 (2.7)", setup.size));
  }
  QueueRings rings;  // Sizes and alignments: 2.7
  rings.descriptors = find(memory, setup.descriptors, kDescriptorBytes * setup.size, 16);
  rings.available = find(memory, setup.driver, kRing + kAvailableBytes * setup.size + 2, 2);
  rings.used = find(memory, setup.device, kRing + kUsedBytes * setup.size + 2, 4);
  if (rings.descriptors == nullptr || rings.available == nullptr || rings.used == nullptr) {
    return fault(
        text("a queue's rings ({:#x}, {:#x}, {:#x}, of {} descriptors) do not lie, aligned, in memory that "
             "the guest shares (2.7)",
             setup.descriptors.value(), setup.driver.value(), setup.device.value(), setup.size));
  }
  return std::unique_ptr<SplitQueue>(new SplitQueue(rings, setup.size, memory, std::move(options)));
}

std::uint16_t SplitQueue::available_index() const {
  // What the driver wrote before the index is read after it (2.7.13.3.1).
  return ring::load_acquire<std::uint16_t>(rings_.available + kIndex);
}

void SplitQueue::ask_for_kick(bool wanted) {
  if (options_.event_index) {
    // 2.7.10: the driver kicks when its index passes this. One that is behind lies 65,535 away.
    if (wanted) {
      ring::store<std::uint16_t>(rings_.used + kRing + kUsedBytes * size_, next_available_);
    }
  } else if (wanted != wants_kicks_) {
    ring::store<std::uint16_t>(rings_.used + kFlags, wanted ? 0 : kNoNotify);
  }
  wants_kicks_ = wanted;
}

Result<bool, QueueFault> SplitQueue::find_available() {
  if (known_available_ == next_available_) {
    known_available_ = available_index();
    if (known_available_ == next_available_) {
      ask_for_kick(true);
      // The driver may have looked at the flag before, and moved its index after: look again, the flag being
      // visible first (2.7.7.1, 2.7.13.4.1).
      std::atomic_thread_fence(std::memory_order_seq_cst);
      known_available_ = available_index();
    }
  }
  const auto waiting = static_cast<std::uint16_t>(known_available_ - next_available_);
  if (waiting > size_) {
    return fault(text("the available index {} is {} ahead in a queue of {} descriptors (2.7.6)",
                      known_available_, waiting, size_));
  }
  return waiting != 0;
}

Result<std::optional<Chain>, QueueFault> SplitQueue::take() {
  const auto available = find_available();
  if (!available) {
    return unexpected(available.error());
  }
  if (!*available) {
    return std::nullopt;
  }
  if (in_flight_ == size_) {
    return fault(text("more than {} buffers at once in a queue of {} descriptors (2.7)", size_, size_));
  }
  ask_for_kick(false);
  const std::size_t place = kRing + kAvailableBytes * (next_available_ % size_);
  auto chain = walk(ring::load<std::uint16_t>(rings_.available + place));
  if (!chain) {
    return unexpected(chain.error());
  }
  ++next_available_;
  ++in_flight_;
  return std::move(*chain);
}

void SplitQueue::put_back() {
  --next_available_;
  --in_flight_;
}

Result<SplitQueue::Descriptor, QueueFault> SplitQueue::descriptor(const Table& table,
                                                                  std::uint32_t index) const {
  if (index >= table.count) {
    return fault(text("descriptor {} in a table of {} (2.7.5)", index, table.count));
  }
  ByteArray<kDescriptorBytes> bytes{};
  if (!table.indirect) {
    std::uint8_t* there = rings_.descriptors + kDescriptorBytes * index;
    put_le<std::uint64_t>(bytes, 0, ring::load<std::uint64_t>(there));
    put_le<std::uint64_t>(bytes, 8, ring::load<std::uint64_t>(there + 8));
  } else if (!memory_.read(table.start + kDescriptorBytes * index, bytes)) {
    return fault(text("an indirect table at {:#x} that is not in memory that the guest shares (2.7.5.3)",
                      table.start.value()));
  }
  return Descriptor{get_le<std::uint64_t>(bytes, 0), get_le<std::uint32_t>(bytes, 8),
                    get_le<std::uint16_t>(bytes, 12), get_le<std::uint16_t>(bytes, 14)};
}

Result<SplitQueue::Table, QueueFault> SplitQueue::enter(const Descriptor& descriptor) const {
  if (!options_.indirect) {
    return fault(text("an indirect descriptor, which was not negotiated (2.7.5.3.1)"));
  }
  if ((descriptor.flags & kNext) != 0) {
    return fault(text("an indirect descriptor with another one behind it (2.7.5.3.1)"));
  }
  if (descriptor.size == 0 || descriptor.size % kDescriptorBytes != 0) {
    return fault(text("an indirect table of {} bytes: not whole descriptors (2.7.5.3)", descriptor.size));
  }
  return Table{true, GuestAddress(descriptor.address),
               static_cast<std::uint32_t>(descriptor.size / kDescriptorBytes)};
}

Result<void, QueueFault> SplitQueue::add(Chain& chain, const Descriptor& descriptor) const {
  constexpr std::uint64_t kMostBytes = 1ULL << 32;  // 2.7.5
  const DmaSegment segment{GuestAddress(descriptor.address), descriptor.size};
  if (segment.size > 0 && !memory_.contains(segment.start, segment.size)) {
    return fault(text("a buffer of {} bytes at {:#x} that is not in memory that the guest shares",
                      segment.size, segment.start.value()));
  }
  if ((descriptor.flags & kWrite) != 0) {
    chain.writable.push_back(segment);
    chain.writable_bytes += segment.size;
  } else if (chain.writable.empty()) {
    chain.readable.push_back(segment);
    chain.readable_bytes += segment.size;
  } else {
    return fault(text("a descriptor for reading behind one for writing (2.7.4.2)"));
  }
  if (chain.readable_bytes + chain.writable_bytes > kMostBytes) {
    return fault(text("a buffer of more than 4 GiB (2.7.5)"));
  }
  return {};
}

Result<Chain, QueueFault> SplitQueue::walk(std::uint16_t head) const {
  Chain chain;
  chain.head = head;
  Table table{false, {}, size_};
  std::uint32_t index = head;
  // Never more than there are in the queue, indirect or not (2.7.5, 2.7.5.3.1): so that a loop ends.
  for (std::uint32_t count = 0; count < size_; ++count) {
    const auto found = descriptor(table, index);
    if (!found) {
      return unexpected(found.error());
    }
    if ((found->flags & kIndirect) != 0) {
      if (table.indirect) {
        return fault(text("an indirect table within an indirect table (2.7.5.3.1)"));
      }
      const auto entered = enter(*found);
      if (!entered) {
        return unexpected(entered.error());
      }
      table = *entered;
      index = 0;
      --count;  // It is no buffer itself; there is one such step at most
      continue;
    }
    if (const auto added = add(chain, *found); !added) {
      return unexpected(added.error());
    }
    if ((found->flags & kNext) == 0) {
      return chain;
    }
    index = found->next;
  }
  return fault(text("a chain of more than {} descriptors, or a loop of them (2.7.5)", size_));
}

void SplitQueue::give_back(std::uint16_t head, std::uint32_t written) {
  std::uint8_t* element = rings_.used + kRing + kUsedBytes * (next_used_ % size_);
  ring::store<std::uint32_t>(element, head);
  ring::store<std::uint32_t>(element + 4, written);
  ++next_used_;
  --in_flight_;
  // The element, and what the device wrote into the buffer, are visible before the index (2.7.8.2).
  ring::store_release<std::uint16_t>(rings_.used + kIndex, next_used_);
}

std::uint16_t SplitQueue::used_event() const {
  return ring::load<std::uint16_t>(rings_.available + kRing + kAvailableBytes * size_);
}

bool SplitQueue::driver_wants_interrupt() const {
  if (!options_.event_index) {
    return (ring::load<std::uint16_t>(rings_.available + kFlags) & kNoInterrupt) == 0;  // 2.7.7.2
  }
  // 2.7.10: whether the index that the driver waits for is one of those that were used since.
  const auto behind = static_cast<std::uint16_t>(next_used_ - used_event() - 1);
  const auto since = static_cast<std::uint16_t>(next_used_ - notified_used_);
  return behind < since;
}

void SplitQueue::notify() {
  if (next_used_ == notified_used_) {
    return;
  }
  // The index is visible before what the driver wants is read (2.7.7.2): else both might wait.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const bool wanted = driver_wants_interrupt();
  notified_used_ = next_used_;
  if (wanted && options_.interrupt) {
    options_.interrupt();
  }
}

}  // namespace virtsev::vmm
