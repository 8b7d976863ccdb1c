// SPDX-License-Identifier: LGPL-2.1-or-later
// The bytes of AMD's roots, as hexadecimal digits, in the format of AMD's certificates.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace virtsev::sevcore {

struct AmdRootData {
  std::string_view product;
  std::string_view ask;
  std::string_view ark;
};

inline constexpr std::size_t kAmdProducts = 5;
extern const std::array<AmdRootData, kAmdProducts> kAmdRootData;

}  // namespace virtsev::sevcore
