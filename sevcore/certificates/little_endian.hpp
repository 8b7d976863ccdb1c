// SPDX-License-Identifier: LGPL-2.1-or-later
// Certificates hold big numbers little-endian, in fields that may be longer than the number; OpenSSL wants
// them big-endian.
#pragma once

#include <algorithm>

#include "sevcore/base/bytes.hpp"

namespace virtsev::sevcore {

/// Writes a big-endian number to the start of a field, little-endian.
inline void put_reversed(MutableBytes field, ByteView big_endian) {
  std::reverse_copy(big_endian.begin(), big_endian.end(), field.begin());
}

/// The big-endian form of a whole field.
inline Bytes reversed(ByteView field) { return {field.rbegin(), field.rend()}; }

/// Reads a number of N bytes from the start of a field; false where the rest of the field is not zero.
template <std::size_t N>
bool get_reversed(ByteView field, ByteArray<N>& big_endian) {
  std::reverse_copy(field.begin(), field.begin() + N, big_endian.begin());
  return std::all_of(field.begin() + N, field.end(), [](std::uint8_t byte) { return byte == 0; });
}

inline bool all_zero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace virtsev::sevcore
