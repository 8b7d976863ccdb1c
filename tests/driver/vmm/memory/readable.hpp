// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether there is memory at an address, without an access of our own, which checkers would take for a fault.
#pragma once

#include <cstdint>

#include <unistd.h>

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::vmm::test {

/// By having the kernel read a byte there (write(2), EFAULT).
inline bool is_readable(const std::uint8_t* address) {
  int ends[2] = {-1, -1};
  if (::pipe(ends) != 0) {
    return false;
  }
  const UniqueFd reading(ends[0]);
  const UniqueFd writing(ends[1]);
  return ::write(writing.get(), address, 1) == 1;
}

}  // namespace virtsev::vmm::test
