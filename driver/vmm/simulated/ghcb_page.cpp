// SPDX-License-Identifier: LGPL-2.1-or-later
// The GHCB page.
#include "driver/vmm/simulated/ghcb_page.hpp"

namespace virtsev::vmm {
namespace {

constexpr std::uint64_t kValidBitmap = 0x3f0;
constexpr std::size_t kBitmapBytes = 16;

/// Each 8-byte field of the save area has a bit.
constexpr std::size_t bit_of(GhcbPage::Field field) { return field / 8; }

}  // namespace

std::optional<std::uint64_t> GhcbPage::read(Field field) const {
  ByteArray<kBitmapBytes> bitmap{};
  ByteArray<8> value{};
  if (!memory_.read(page_ + kValidBitmap, bitmap) || !memory_.read(page_ + field, value)) {
    return std::nullopt;
  }
  const std::size_t bit = bit_of(field);
  if (((bitmap[bit / 8] >> (bit % 8)) & 1U) == 0) {
    return std::nullopt;
  }
  return get_le<std::uint64_t>(value, 0);
}

void GhcbPage::answer(std::uint64_t info1, std::uint64_t info2) const {
  ByteArray<kBitmapBytes> bitmap{};
  ByteArray<16> values{};
  for (const Field field : {kExitInfo1, kExitInfo2}) {
    const std::size_t bit = bit_of(field);
    bitmap[bit / 8] = static_cast<std::uint8_t>(bitmap[bit / 8] | 1U << (bit % 8));
  }
  put_le<std::uint64_t>(values, 0, info1);
  put_le<std::uint64_t>(values, 8, info2);
  static_assert(kExitInfo2 == kExitInfo1 + 8);
  // A page outside memory is the guest's mistake: it finds no answer.
  (void)(memory_.write(page_ + kExitInfo1, values) && memory_.write(page_ + kValidBitmap, bitmap));
}

}  // namespace virtsev::vmm
