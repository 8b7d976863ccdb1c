// SPDX-License-Identifier: LGPL-2.1-or-later
// Memory of a simulated SEV guest.
#include "driver/vmm/simulated/strict_memory.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "sevcore/machine/memory_layout.hpp"

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

MemoryMap::Range mapped(std::string name, GuestAddress start, const GuestMemory::Range& range) {
  return {std::move(name), is_firmware(range) ? MemoryMap::Kind::kRom : MemoryMap::Kind::kRam, start,
          range.size, range.host};
}

}  // namespace

StrictMemory::StrictMemory(std::uint64_t size, std::uint32_t c_bit_position, std::uint64_t firmware)
    : c_bit_(1ULL << c_bit_position),
      private_(HostMemory::shareable("private", size)),
      shared_(HostMemory::shareable("shared", size)),
      place_(HostMemory::reserved(size)),
      rom_(firmware == 0 ? HostMemory() : HostMemory::own(firmware_rom_bytes(firmware))),
      private_memory_(vmm::join(lay_out(size, private_.data()), lay_out_firmware(firmware, rom_.data()))),
      shared_memory_(join(private_memory_, lay_out(size, shared_.data()))),
      view_(above_common(lay_out(size, place_.data())), place_, private_, shared_) {
  const std::uint64_t low = private_memory_.ranges().front().size;
  const std::uint64_t kernel = layout::kKernel.value();
  if (low > kernel) {
    std::memset(private_.data() + kernel, kTrap, std::min(kTrapBytes, low - kernel));
  }
}

void StrictMemory::plug_into(MemoryMap& map) {
  for (const GuestMemory::Range& range : join(private_memory_, lay_out(place_.size(), place_.data()))) {
    map.add_or_throw(mapped(range.name, range.start, range));
  }
  for (const GuestMemory::Range& range : private_memory_.ranges()) {
    if (is_firmware(range)) {
      map.add_or_throw(mapped(range.name, range.start, range));
    }
    map.add_or_throw(mapped(std::string("private ") + range.name, range.start + c_bit_, range));
  }
}

void StrictMemory::share(GuestAddress start, std::uint64_t size) const {
  PageRuns pages;
  const std::uint64_t end = round_up(start.value() + size, kPageSize);
  (void)pages.add({start.value() / kPageSize * kPageSize, end});
  const PageRuns outside = PageRuns::subtract(pages, view_.everything());
  view_.set({}, PageRuns::unite(view_.shared_pages(), PageRuns::subtract(pages, outside)));
}

bool StrictMemory::is_firmware_at(GuestAddress address) const {
  return rom_.size() > 0 && address >= private_memory_.ranges().back().start &&
         address < layout::kFlash.end();
}

const GuestMemory* StrictMemory::seen_at(GuestAddress address) const {
  if ((address.value() & c_bit_) != 0 || address.value() < kCommonBytes || is_firmware_at(address)) {
    return &private_memory_;
  }
  switch (view_.kind_at(address)) {
    case MemoryView::Kind::kPrivate:
      return &private_memory_;
    case MemoryView::Kind::kShared:
      return &shared_memory_;
    case MemoryView::Kind::kNothing:
      break;
  }
  return nullptr;
}

}  // namespace virtsev::vmm
