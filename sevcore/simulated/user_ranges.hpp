// SPDX-License-Identifier: LGPL-2.1-or-later
// What Linux asks of the ranges of the caller's memory that a command names.
#pragma once

#include <cstdint>

#include "sevcore/abi/commands.hpp"
#include "sevcore/base/bytes.hpp"

namespace virtsev::sevcore {

/// What psp_copy_user_blob takes: not null, not empty, not too much.
constexpr bool is_blob(std::uint64_t address, std::uint32_t length) {
  return address != 0 && length != 0 && length <= kMaxBlobSize;
}

constexpr bool wraps(std::uint64_t address, std::uint64_t length) { return address + length < address; }

/// Whether a range of guest memory lies in one page: nothing promises that memory is contiguous beyond.
constexpr bool in_one_page(std::uint64_t address, std::uint32_t length) {
  return address % kPageSize + length <= kPageSize;
}

}  // namespace virtsev::sevcore
