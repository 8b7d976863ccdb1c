// SPDX-License-Identifier: LGPL-2.1-or-later
// How much memory this process has.
#include "driver/vmm/control/resident_memory.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fcntl.h>

#include "sevcore/base/bytes.hpp"

namespace virtsev::vmm {

ResidentMemory::ResidentMemory() : statm_(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC)) {}

std::uint64_t ResidentMemory::bytes() const {
  std::array<char, 128> line{};
  const ssize_t length = ::pread(statm_.get(), line.data(), line.size(), 0);
  if (length <= 0) {
    return 0;
  }
  // "size resident shared ...", in pages.
  const char* const end = line.data() + length;
  const char* const space = std::find(static_cast<const char*>(line.data()), end, ' ');
  std::uint64_t pages = 0;
  if (space != end) {
    std::from_chars(space + 1, end, pages);
  }
  return pages * kPageSize;
}

}  // namespace virtsev::vmm
