// SPDX-License-Identifier: LGPL-2.1-or-later
// VMGEXIT of a guest: any value in the GHCB register, any bytes in memory. Only the GHCB page may change.
#include "driver/vmm/simulated/ghcb.hpp"

#include <algorithm>
#include <cstdlib>

using namespace virtsev;

namespace {

constexpr std::uint64_t kStart = 0x3000;  // Of the only memory that there is
constexpr std::size_t kSize = 3 * kPageSize;
constexpr std::size_t kHeader =
    12;  // The register's value, a page of memory that the value is to name or not

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

/// The input again and again.
Bytes fill(ByteView input) {
  Bytes memory(kSize);
  for (std::size_t i = 0; i < memory.size() && !input.empty(); ++i) {
    memory[i] = input[i % input.size()];
  }
  return memory;
}

void require_unchanged_outside(const Bytes& before, const Bytes& after, std::uint64_t page) {
  for (std::size_t i = 0; i < before.size(); ++i) {
    const std::uint64_t address = kStart + i;
    require(before[i] == after[i] || (address >= page && address - page < kPageSize));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < kHeader) {
    return 0;
  }
  const ByteView input(data, size);
  auto value = get_le<std::uint64_t>(input, 0);
  if (input[8] % 2 == 0) {  // Else few inputs would name a page that is there
    value = kStart + input[9] % 4 * kPageSize + input[10] % 2 * (value & 0xfff);
  }
  Bytes memory = fill(input.subspan(kHeader));
  const Bytes before = memory;
  const vmm::GuestMemory guest({{GuestAddress(kStart), memory.size(), memory.data()}});
  vmm::CpuidEntries cpuid(1);
  cpuid[0].function = static_cast<std::uint32_t>(value >> 32);

  const vmm::GhcbAnswer answer = vmm::serve_ghcb(value, 51, guest, cpuid);
  require(!answer.terminated || !answer.terminated->empty());
  require_unchanged_outside(before, memory, value);
  if (answer.hold) {
    (void)vmm::end_ghcb_hold(value, guest);
    require_unchanged_outside(before, memory, value);
  }
  return 0;
}
