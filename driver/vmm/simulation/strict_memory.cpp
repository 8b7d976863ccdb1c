// SPDX-License-Identifier: LGPL-2.1-or-later
// Memory of a simulated SEV guest.
#include "driver/vmm/simulation/strict_memory.hpp"

namespace virtsev::vmm {
namespace {

constexpr std::uint64_t kCommonBytes = 1ULL << 20;

// KVM's memory slots: below 1 MiB; from there without the C-bit; with it. Up to two ranges each.
constexpr std::uint32_t kCommonSlot = 0;
constexpr std::uint32_t kSharedSlots = 1;
constexpr std::uint32_t kPrivateSlots = 3;

std::vector<GuestMemory::Range> above_common(const GuestMemory& memory) {
  std::vector<GuestMemory::Range> ranges = memory.ranges();
  ranges.front().start = ranges.front().start + kCommonBytes;
  ranges.front().host += kCommonBytes;
  ranges.front().size -= kCommonBytes;
  return ranges;
}

/// The low 1 MiB of `low`, and `high` from there on.
GuestMemory join(const GuestMemory& low, const GuestMemory& high) {
  std::vector<GuestMemory::Range> ranges = above_common(high);
  ranges.insert(ranges.begin(), {GuestAddress(0), kCommonBytes, low.ranges().front().host});
  return GuestMemory(std::move(ranges));
}

}  // namespace

StrictMemory::StrictMemory(std::uint64_t size, std::uint32_t c_bit_position)
    : c_bit_(1ULL << c_bit_position),
      private_(HostMemory::patterned(size)),
      shared_(HostMemory::shareable("shared", size)),
      private_view_(lay_out(size, private_.data())),
      shared_view_(join(private_view_, lay_out(size, shared_.data()))) {}

void StrictMemory::plug_into(KvmVm& vm) {
  vm_ = &vm;
  vm.set_memory_slot(kCommonSlot, GuestAddress(0), kCommonBytes, private_.data());
  std::uint32_t slot = kSharedSlots;
  for (const GuestMemory::Range& range : above_common(private_view_)) {
    vm.set_memory_slot(slot++, range.start, range.size, range.host);
  }
  slot = kPrivateSlots;
  for (const GuestMemory::Range& range : private_view_.ranges()) {
    vm.set_memory_slot(slot++, range.start + c_bit_, range.size, range.host);
  }
}

void StrictMemory::separate() {
  const std::lock_guard lock(mutex_);
  if (separate_ || vm_ == nullptr) {
    return;
  }
  // A slot's host memory can't be exchanged in place: deleted, then made anew. Another vCPU that runs
  // meanwhile finds nothing there for a moment; a guest has no second one running this early.
  std::uint32_t slot = kSharedSlots;
  const std::vector<GuestMemory::Range> private_ranges = above_common(private_view_);
  for (std::size_t i = 0; i < private_ranges.size(); ++i) {
    const GuestMemory::Range& range = shared_view_.ranges()[i + 1];
    vm_->set_memory_slot(slot, range.start, 0, nullptr);
    vm_->set_memory_slot(slot, range.start, range.size, range.host);
    ++slot;
  }
  separate_ = true;
}

bool StrictMemory::is_separate() const {
  const std::lock_guard lock(mutex_);
  return separate_;
}

const GuestMemory& StrictMemory::unencrypted_view() const {
  return is_separate() ? shared_view_ : private_view_;
}

bool StrictMemory::read_as_guest(GuestAddress from, MutableBytes to) const {
  if ((from.value() & c_bit_) != 0) {
    return private_view_.read(GuestAddress(from.value() & ~c_bit_), to);
  }
  return unencrypted_view().read(from, to);
}

}  // namespace virtsev::vmm
