// SPDX-License-Identifier: LGPL-2.1-or-later
// Memory of a simulated SEV guest.
#include "driver/vmm/simulated/strict_memory.hpp"

#include <string>
#include <utility>

namespace virtsev::vmm {
namespace {

constexpr std::uint64_t kCommonBytes = 1ULL << 20;

std::vector<GuestMemory::Range> above_common(std::vector<GuestMemory::Range> ranges) {
  ranges.front().start = ranges.front().start + kCommonBytes;
  ranges.front().host += kCommonBytes;
  ranges.front().size -= kCommonBytes;
  return ranges;
}

/// The low 1 MiB of `low`, and `high` from there on.
std::vector<GuestMemory::Range> join(const GuestMemory& low, std::vector<GuestMemory::Range> high) {
  std::vector<GuestMemory::Range> ranges = above_common(std::move(high));
  ranges.insert(ranges.begin(),
                {GuestAddress(0), kCommonBytes, low.ranges().front().host, "RAM below 1 MiB"});
  return ranges;
}

MemoryMap::Range ram(std::string name, GuestAddress start, const GuestMemory::Range& range) {
  return {std::move(name), MemoryMap::Kind::kRam, start, range.size, range.host};
}

}  // namespace

StrictMemory::StrictMemory(std::uint64_t size, std::uint32_t c_bit_position)
    : c_bit_(1ULL << c_bit_position),
      private_(HostMemory::patterned(size)),
      shared_(HostMemory::shareable("shared", size)),
      private_view_(lay_out(size, private_.data())),
      shared_view_(join(private_view_, lay_out(size, shared_.data()))) {}

void StrictMemory::plug_into(MemoryMap& map) {
  map_ = &map;
  for (const GuestMemory::Range& range : join(private_view_, private_view_.ranges())) {
    map.add_or_throw(ram(range.name, range.start, range));
  }
  for (const GuestMemory::Range& range : private_view_.ranges()) {
    map.add_or_throw(ram(std::string("private ") + range.name, range.start + c_bit_, range));
  }
}

void StrictMemory::separate() {
  const std::lock_guard lock(mutex_);
  if (separate_ || map_ == nullptr) {
    return;
  }
  // Another vCPU that runs meanwhile would find nothing there for a moment; a guest has no second one running
  // this early.
  for (const GuestMemory::Range& range : above_common(lay_out(shared_.size(), shared_.data()))) {
    map_->exchange(range.name, range.host);
  }
  separate_ = true;
}

bool StrictMemory::is_separate() const {
  const std::lock_guard lock(mutex_);
  return separate_;
}

const GuestMemory& StrictMemory::unencrypted_view() const {
  if (is_separate()) {
    return shared_view_;
  }
  return private_view_;
}

bool StrictMemory::read_as_guest(GuestAddress from, MutableBytes to) const {
  if ((from.value() & c_bit_) != 0) {
    return private_view_.read(GuestAddress(from.value() & ~c_bit_), to);
  }
  return unencrypted_view().read(from, to);
}

}  // namespace virtsev::vmm
