// SPDX-License-Identifier: LGPL-2.1-or-later
// A machine's memory.
#include "driver/vmm/memory/machine_memory.hpp"

#include "sevcore/machine/firmware_layout.hpp"
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
  return {window("firmware's MMIO", layout::firmware_window(memory_bytes)),
          window("32-bit MMIO", layout::kMmio32), window("ECAM", layout::kPciEcam),
          window("platform MMIO", layout::kPlatformMmio),
          window("64-bit MMIO", layout::mmio64(memory_bytes))};
}

std::uint64_t firmware_rom_bytes(std::uint64_t image_bytes) {
  return image_bytes == 0 ? 0 : layout::firmware_rom(image_bytes).size;
}

std::vector<GuestMemory::Range> lay_out_firmware(std::uint64_t image_bytes, std::uint8_t* host) {
  if (image_bytes == 0) {
    return {};
  }
  const layout::Window rom = layout::firmware_rom(image_bytes);
  return {{rom.start, rom.size, host, "firmware"}};
}

bool is_firmware(const GuestMemory::Range& range) {
  return range.start >= layout::kFlash.start && range.start < layout::kFlash.end();
}

std::vector<GuestMemory::Range> join(std::vector<GuestMemory::Range> first,
                                     const std::vector<GuestMemory::Range>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

PlainMemory::PlainMemory(std::uint64_t size, std::uint64_t firmware)
    : memory_(HostMemory::own(size)),
      rom_(firmware == 0 ? HostMemory() : HostMemory::own(firmware_rom_bytes(firmware))),
      private_(join(lay_out(size, memory_.data()), lay_out_firmware(firmware, rom_.data()))),
      shared_(lay_out(size, memory_.data())) {}

void PlainMemory::plug_into(MemoryMap& map) {
  for (const GuestMemory::Range& range : private_.ranges()) {
    const auto kind = is_firmware(range) ? MemoryMap::Kind::kRom : MemoryMap::Kind::kRam;
    map.add_or_throw({range.name, kind, range.start, range.size, range.host});
  }
}

}  // namespace virtsev::vmm
