// SPDX-License-Identifier: LGPL-2.1-or-later
// XDR (RFC 4506), reading what a peer wrote: nothing is allocated before the bytes are known to be there.
#include "driver/xdr/decoder.hpp"

#include <algorithm>
#include <bit>

namespace virtsev::xdr {

namespace {
constexpr std::size_t kUnit = 4;  // RFC 4506, section 3
}

std::uint32_t Decoder::get_uint32() {
  if (!ok_ || rest_.size() < kUnit) {
    ok_ = false;
    return 0;
  }
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < kUnit; ++i) {
    value = (value << 8) | rest_[i];
  }
  rest_ = rest_.subspan(kUnit);
  return value;
}

std::uint64_t Decoder::get_uint64() {
  const std::uint64_t high = get_uint32();
  const std::uint64_t low = get_uint32();
  return ok_ ? (high << 32) | low : 0;
}

std::int32_t Decoder::get_int32() { return static_cast<std::int32_t>(get_uint32()); }

std::int64_t Decoder::get_int64() { return static_cast<std::int64_t>(get_uint64()); }

double Decoder::get_double() { return std::bit_cast<double>(get_uint64()); }

bool Decoder::get_bool() { return get_uint32() != 0; }

ByteView Decoder::take(std::size_t length) {
  // Padding counts as part of the item: without it the message is cut short.
  const std::size_t padded = round_up(length, kUnit);
  if (!ok_ || rest_.size() < padded) {
    ok_ = false;
    return {};
  }
  const ByteView item = rest_.first(length);
  rest_ = rest_.subspan(padded);
  return item;
}

ByteView Decoder::take_counted(std::uint32_t limit) {
  const std::uint32_t length = get_uint32();
  if (length > limit) {
    ok_ = false;
  }
  return take(length);
}

std::string Decoder::get_string(std::uint32_t limit) {
  const ByteView item = take_counted(limit);
  if (std::find(item.begin(), item.end(), 0) != item.end()) {
    ok_ = false;
    return {};
  }
  return {item.begin(), item.end()};
}

Bytes Decoder::get_opaque(std::uint32_t limit) {
  const ByteView item = take_counted(limit);
  return {item.begin(), item.end()};
}

void Decoder::get_fixed_opaque(MutableBytes out) {
  const ByteView item = take(out.size());
  if (item.size() == out.size()) {
    std::copy(item.begin(), item.end(), out.begin());
  } else {
    std::fill(out.begin(), out.end(), std::uint8_t{0});
  }
}

std::uint32_t Decoder::get_count(std::uint32_t limit, std::uint32_t minimum_element_size) {
  const std::uint32_t count = get_uint32();
  if (count > limit || std::uint64_t{count} * minimum_element_size > rest_.size()) {
    ok_ = false;
    return 0;
  }
  return count;
}

}  // namespace virtsev::xdr
