// SPDX-License-Identifier: LGPL-2.1-or-later
// Short ways to write test data.
#pragma once

#include <algorithm>
#include <string_view>

#include "sevcore/base/bytes.hpp"
#include "sevcore/base/hex.hpp"

namespace virtsev::sevcore::test {

/// N bytes from 2*N hexadecimal digits.
template <std::size_t N>
ByteArray<N> array_of(std::string_view hex) {
  ByteArray<N> bytes{};
  const Bytes all = from_hex(hex).value();
  std::copy_n(all.begin(), std::min(N, all.size()), bytes.begin());
  return bytes;
}

/// first, first + 1, ...
template <std::size_t N>
ByteArray<N> counting_from(std::uint8_t first) {
  ByteArray<N> bytes{};
  for (std::size_t i = 0; i < N; ++i) {
    bytes[i] = static_cast<std::uint8_t>(first + i);
  }
  return bytes;
}

}  // namespace virtsev::sevcore::test
