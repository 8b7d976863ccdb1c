// SPDX-License-Identifier: LGPL-2.1-or-later
// An image with the table of OVMF at its end, a volume at its start, and nothing that could run.
#pragma once

#include <cstdint>

#include "sevcore/base/bytes.hpp"

namespace virtsev::boot::ovmf::test {

/// What the table says; the values are this test's own.
struct Table {
  bool reset = true;
  std::uint32_t reset_address = 0x0081'2344;
  std::uint32_t hashes_base = 0x0081'5c00;
  std::uint32_t hashes_size = 0x400;
  std::uint32_t secret_base = 0x0081'5000;
  std::uint32_t secret_size = 0xc00;
  bool checks_hashes = true;  ///< There is a volume at its start, with code that looks for them
};

Bytes synthetic_firmware(const Table& table = {}, std::size_t size = 8192);

}  // namespace virtsev::boot::ovmf::test
