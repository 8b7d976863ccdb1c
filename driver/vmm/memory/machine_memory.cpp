// SPDX-License-Identifier: LGPL-2.1-or-later
// A machine's memory.
#include "driver/vmm/memory/machine_memory.hpp"

#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::vmm {

std::vector<GuestMemory::Range> lay_out(std::uint64_t size, std::uint8_t* host) {
  const layout::Window low = layout::low_ram(size);
  const layout::Window high = layout::high_ram(size);
  std::vector<GuestMemory::Range> ranges = {{low.start, low.size, host, "low RAM"}};
  if (high.size > 0) {
    ranges.push_back({high.start, high.size, host + low.size, "high RAM"});
  }
  return ranges;
}

std::vector<MemoryMap::Range> device_windows(std::uint64_t memory_bytes) {
  const auto window = [](const char* name, const layout::Window& where) {
    return MemoryMap::Range{name, MemoryMap::Kind::kWindow, where.start, where.size, nullptr};
  };
  return {window("32-bit MMIO", layout::kMmio32), window("ECAM", layout::kPciEcam),
          window("platform MMIO", layout::kPlatformMmio),
          window("64-bit MMIO", layout::mmio64(memory_bytes))};
}

PlainMemory::PlainMemory(std::uint64_t size)
    : memory_(HostMemory::own(size)),
      private_(lay_out(size, memory_.data())),
      shared_(lay_out(size, memory_.data())) {}

void PlainMemory::plug_into(MemoryMap& map) {
  for (const GuestMemory::Range& range : private_.ranges()) {
    map.add_or_throw({range.name, MemoryMap::Kind::kRam, range.start, range.size, range.host});
  }
}

}  // namespace virtsev::vmm
