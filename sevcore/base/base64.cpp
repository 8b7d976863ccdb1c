// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/base/base64.hpp"

#include <algorithm>

namespace virtsev {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::uint8_t kNoDigit = 64;

constexpr std::array<std::uint8_t, 256> kValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<std::uint8_t>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}();

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

std::string to_base64(ByteView bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8 | (j < count ? bytes[i + j] : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      text += j <= count ? kAlphabet[group >> (18 - 6 * j) & 63] : '=';
    }
  }
  return text;
}

std::optional<Bytes> from_base64(std::string_view text) {
  Bytes bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  std::size_t digits = 0;   // in the group
  std::size_t padding = 0;  // '=' at its end
  for (const char c : text) {
    if (is_space(c)) {
      continue;
    }
    const std::uint32_t value = kValues[static_cast<std::uint8_t>(c)];
    const bool pad = c == '=' && digits >= 2;
    if ((!pad && (value == kNoDigit || padding > 0)) || digits + padding == 4) {
      return std::nullopt;
    }
    group = group << 6 | (pad ? 0U : value);
    digits += pad ? 0 : 1;
    padding += pad ? 1 : 0;
    if (digits + padding < 4) {
      continue;
    }
    for (std::size_t i = 0; i + 1 < digits; ++i) {
      bytes.push_back(static_cast<std::uint8_t>(group >> (16 - 8 * i)));
    }
    if ((group & ((1U << (8 * padding)) - 1)) != 0) {
      return std::nullopt;
    }
    if (padding == 0) {  // else the group stays full: nothing may follow
      group = 0;
      digits = 0;
    }
  }
  if (digits + padding != 0 && digits + padding != 4) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace virtsev
