// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/encoding/hex.hpp"

namespace virtsev::daemon {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

}  // namespace

std::string to_hex(ByteView bytes) {
  std::string digits;
  for (const std::uint8_t byte : bytes) {
    digits += kHex[byte >> 4];
    digits += kHex[byte & 15];
  }
  return digits;
}

std::optional<Bytes> from_hex(std::string_view digits) {
  if (digits.size() % 2 != 0) {
    return std::nullopt;
  }
  Bytes bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const std::size_t high = kHex.find(digits[i]);
    const std::size_t low = kHex.find(digits[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) {
      return std::nullopt;
    }
    bytes.push_back(static_cast<std::uint8_t>(high << 4 | low));
  }
  return bytes;
}

}  // namespace virtsev::daemon
