// SPDX-License-Identifier: LGPL-2.1-or-later
// XDR (RFC 4506), writing: all integers big-endian, everything a multiple of 4 bytes.
#include "driver/xdr/encoder.hpp"

#include <bit>

namespace virtsev::xdr {

namespace {
constexpr std::size_t kUnit = 4;  // RFC 4506, section 3
}

void Encoder::put_uint32(std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes_.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

void Encoder::put_uint64(std::uint64_t value) {
  put_uint32(static_cast<std::uint32_t>(value >> 32));
  put_uint32(static_cast<std::uint32_t>(value));
}

void Encoder::put_int32(std::int32_t value) { put_uint32(static_cast<std::uint32_t>(value)); }

void Encoder::put_int64(std::int64_t value) { put_uint64(static_cast<std::uint64_t>(value)); }

void Encoder::put_double(double value) { put_uint64(std::bit_cast<std::uint64_t>(value)); }

void Encoder::put_bool(bool value) { put_uint32(value ? 1 : 0); }

void Encoder::put_string(std::string_view value) { put_opaque(bytes_of(value)); }

void Encoder::put_opaque(ByteView value) {
  put_uint32(static_cast<std::uint32_t>(value.size()));
  put_fixed_opaque(value);
}

void Encoder::put_fixed_opaque(ByteView value) {
  bytes_.insert(bytes_.end(), value.begin(), value.end());
  // Not the size of bytes_: only this item's own length decides its padding (section 4.9).
  bytes_.resize(bytes_.size() + (round_up(value.size(), kUnit) - value.size()));
}

}  // namespace virtsev::xdr
