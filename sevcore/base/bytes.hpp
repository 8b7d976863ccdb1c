// SPDX-License-Identifier: LGPL-2.1-or-later
// Bytes, and integers in them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace virtsev {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;
template <std::size_t N>
using ByteArray = std::array<std::uint8_t, N>;

inline constexpr std::uint64_t kPageSize = 4096;

/// Rounds up to a multiple of `unit`, a power of two.
constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) {
  return (value + unit - 1) & ~(unit - 1);
}

/// The bytes of a text, without a terminator.
inline ByteView bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Writes an unsigned integer little-endian at `offset`; the caller has made room.
template <typename T>
void put_le(MutableBytes out, std::size_t offset, T value) {
  static_assert(std::is_unsigned_v<T>);
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    out[offset + i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
}

/// Reads an unsigned integer, little-endian, at `offset`; the caller has checked the length.
template <typename T>
T get_le(ByteView in, std::size_t offset) {
  static_assert(std::is_unsigned_v<T>);
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>(value | (static_cast<T>(in[offset + i]) << (8 * i)));
  }
  return value;
}

/// Appends an unsigned integer, little-endian.
template <typename T>
void append_le(Bytes& out, T value) {
  const std::size_t offset = out.size();
  out.resize(offset + sizeof(T));
  put_le<T>(out, offset, value);
}

}  // namespace virtsev
