// SPDX-License-Identifier: LGPL-2.1-or-later
// Conditions on a system call's arguments, as the lists of calls write them.
#pragma once

#include "driver/vmm/sandbox/filter.hpp"

namespace virtsev::vmm {

/// For arguments of type int: the kernel does not look at the upper half.
constexpr Condition is_int(unsigned argument, std::uint32_t value) { return {argument, 0xffffffff, value}; }
constexpr Condition is(unsigned argument, std::uint64_t value) {
  return {argument, ~std::uint64_t{0}, value};
}
constexpr Condition has(unsigned argument, std::uint64_t bits) { return {argument, bits, bits}; }
constexpr Condition has_not(unsigned argument, std::uint64_t bits) { return {argument, bits, 0}; }

}  // namespace virtsev::vmm
