// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/memory/memory_map.hpp"

#include <algorithm>

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {
namespace {

bool is_well_formed(const MemoryMap::Range& range) {
  return range.size > 0 && range.size % kPageSize == 0 && range.start.value() % kPageSize == 0 &&
         range.size <= ~range.start.value();
}

bool contains(const MemoryMap::Range& range, GuestAddress address) {
  return address >= range.start && address - range.start < range.size;
}

bool overlap(const MemoryMap::Range& one, const MemoryMap::Range& other) {
  return contains(one, other.start) || contains(other, one.start);
}

}  // namespace

std::uint32_t MemoryMap::free_slot() const {
  std::uint32_t slot = 0;
  while (std::any_of(placed_.begin(), placed_.end(),
                     [&](const Placed& placed) { return placed.slot == slot; })) {
    ++slot;
  }
  return slot;
}

Result<void, MemoryMap::Refusal> MemoryMap::add(const Range& range) {
  if (!is_well_formed(range)) {
    return unexpected(Refusal::kMalformed);
  }
  for (const Placed& placed : placed_) {
    if (overlap(placed.range, range)) {
      return unexpected(Refusal::kOverlap);
    }
    if (placed.range.name == range.name) {
      return unexpected(Refusal::kNameTaken);
    }
  }
  Placed placed{range, std::nullopt};
  if (range.kind != Kind::kWindow) {
    placed.slot = free_slot();
    set_slot_(*placed.slot, range);
  }
  placed_.push_back(std::move(placed));
  return {};
}

void MemoryMap::add_or_throw(const Range& range) {
  if (!add(range)) {
    throw Error(ErrorCode::kInternal, text("the guest's memory \"{}\" ({} bytes) can't lie at {:#x}: "
                                           "something else does, or it is not a whole number of pages",
                                           range.name, range.size, range.start.value()));
  }
}

void MemoryMap::clear(const Placed& placed) {
  Range nothing = placed.range;
  nothing.size = 0;
  nothing.host = nullptr;
  set_slot_(*placed.slot, nothing);
}

bool MemoryMap::exchange(std::string_view name, void* host) {
  for (Placed& placed : placed_) {
    if (placed.range.name == name && placed.slot) {
      clear(placed);  // KVM exchanges no slot's memory in place
      placed.range.host = host;
      set_slot_(*placed.slot, placed.range);
      return true;
    }
  }
  return false;
}

bool MemoryMap::remove(std::string_view name) {
  const auto found = std::find_if(placed_.begin(), placed_.end(),
                                  [&](const Placed& placed) { return placed.range.name == name; });
  if (found == placed_.end()) {
    return false;
  }
  if (found->slot) {
    clear(*found);
  }
  placed_.erase(found);
  return true;
}

const MemoryMap::Range* MemoryMap::find(std::string_view name) const {
  for (const Placed& placed : placed_) {
    if (placed.range.name == name) {
      return &placed.range;
    }
  }
  return nullptr;
}

const MemoryMap::Range* MemoryMap::at(GuestAddress address) const {
  for (const Placed& placed : placed_) {
    if (contains(placed.range, address)) {
      return &placed.range;
    }
  }
  return nullptr;
}

std::vector<MemoryMap::Range> MemoryMap::all(Kind kind) const {
  std::vector<Range> ranges;
  for (const Placed& placed : placed_) {
    if (placed.range.kind == kind) {
      ranges.push_back(placed.range);
    }
  }
  return ranges;
}

}  // namespace virtsev::vmm
