// SPDX-License-Identifier: LGPL-2.1-or-later
// A machine's memory.
#include "driver/vmm/memory/machine_memory.hpp"

#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::vmm {

GuestMemory lay_out(std::uint64_t size, std::uint8_t* host) {
  const layout::Window low = layout::low_ram(size);
  const layout::Window high = layout::high_ram(size);
  std::vector<GuestMemory::Range> ranges = {{low.start, low.size, host}};
  if (high.size > 0) {
    ranges.push_back({high.start, high.size, host + low.size});
  }
  return GuestMemory(std::move(ranges));
}

PlainMemory::PlainMemory(std::uint64_t size)
    : memory_(HostMemory::own(size)), view_(lay_out(size, memory_.data())) {}

void PlainMemory::plug_into(KvmVm& vm) {
  std::uint32_t slot = 0;
  for (const GuestMemory::Range& range : view_.ranges()) {
    vm.set_memory_slot(slot++, range.start, range.size, range.host);
  }
}

}  // namespace virtsev::vmm
