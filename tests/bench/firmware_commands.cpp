// SPDX-License-Identifier: LGPL-2.1-or-later
// firmware_commands MIB: into how many pieces the host's memory divides so much of a guest's, once it is
// written. Linux gives the firmware one LAUNCH_UPDATE_DATA for each piece that is contiguous. Needs root, for
// page frame numbers.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "driver/vmm/memory/host_memory.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace {

using virtsev::kPageSize;
using virtsev::vmm::HostMemory;

/// 0 where page frame numbers can't be read.
std::uint64_t count_pieces(const HostMemory& memory) {
  constexpr std::uint64_t kFrame = (1ULL << 55) - 1;  // Documentation/admin-guide/mm/pagemap.rst
  std::memset(memory.data(), 1, memory.size());
  const virtsev::UniqueFd pagemap(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
  const std::uint64_t first = reinterpret_cast<std::uintptr_t>(memory.data()) / kPageSize;
  std::uint64_t pieces = 0;
  std::uint64_t expected = 0;
  for (std::uint64_t page = 0; page < memory.size() / kPageSize; ++page) {
    std::uint64_t entry = 0;
    const auto offset = static_cast<off_t>((first + page) * sizeof(entry));
    if (::pread(pagemap.get(), &entry, sizeof(entry), offset) != sizeof(entry) || (entry & kFrame) == 0) {
      return 0;
    }
    pieces += (entry & kFrame) == expected ? 0 : 1;
    expected = (entry & kFrame) + 1;
  }
  return pieces;
}

}  // namespace

int main(int count, char** arguments) {
  const auto size = (count == 2 ? std::strtoull(arguments[1], nullptr, 10) : 0) << 20;
  if (size == 0) {
    std::fputs("usage: firmware_commands MIB\n", stderr);
    return 2;
  }
  const auto shared = count_pieces(HostMemory::shareable("guest", size));
  const auto own = count_pieces(HostMemory::own(size));
  if (shared == 0 || own == 0) {
    std::fputs("page frame numbers can't be read: this takes root\n", stderr);
    return 1;
  }
  std::printf("%llu MiB: %llu pieces in a memfd, %llu in memory of its own\n", size >> 20,
              static_cast<unsigned long long>(shared), static_cast<unsigned long long>(own));
  return 0;
}
