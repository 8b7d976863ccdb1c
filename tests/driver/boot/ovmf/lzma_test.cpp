// SPDX-License-Identifier: LGPL-2.1-or-later
// LZMA streams, good, cut off, and with more in them than there may be.
#include "driver/boot/ovmf/lzma.hpp"

#include <gtest/gtest.h>

#include "tests/driver/boot/ovmf/synthetic_volume.hpp"

namespace virtsev::boot::ovmf {
namespace {

Bytes sample(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::uint8_t>(i * i / 97);
  }
  return bytes;
}

TEST(Lzma, UnpacksWhatWasPacked) {
  for (const std::size_t size : {0U, 1U, 65536U, 300'001U}) {
    const Bytes content = sample(size);
    EXPECT_EQ(unpack_lzma(test::lzma(content), size), content) << size;
  }
}

TEST(Lzma, UnpacksAStreamThatDoesNotSayItsLength) {
  Bytes packed = test::lzma(sample(5000));
  put_le(packed, 5, ~std::uint64_t{0});
  EXPECT_EQ(unpack_lzma(packed, 5000), sample(5000));
}

TEST(Lzma, PassesOverWhatFollowsTheStream) {
  Bytes packed = test::lzma(sample(5000));
  packed.resize(packed.size() + 100, 0xee);
  EXPECT_EQ(unpack_lzma(packed, 70'000), sample(5000));
}

TEST(Lzma, RefusesMoreThanThereMayBe) {
  EXPECT_EQ(unpack_lzma(test::lzma(sample(70'001)), 70'000), unexpected(LzmaFault::kTooLarge));
  const Bytes bomb = test::lzma(Bytes(5'000'000));
  EXPECT_LT(bomb.size(), 4000U);
  EXPECT_EQ(unpack_lzma(bomb, 70'000), unexpected(LzmaFault::kTooLarge));
}

TEST(Lzma, RefusesADictionaryThatNoImageNeeds) {
  Bytes packed = test::lzma(sample(500));
  put_le(packed, 1, std::uint32_t{0x4000'0000});
  EXPECT_EQ(unpack_lzma(packed, 500), unexpected(LzmaFault::kTooLarge));
}

TEST(Lzma, RefusesWhatIsCutOffOrNone) {
  const Bytes packed = test::lzma(sample(5000));
  for (const std::size_t length : {0U, 5U, 13U, 14U, 100U}) {
    EXPECT_EQ(unpack_lzma(ByteView(packed).first(length), 5000), unexpected(LzmaFault::kBroken)) << length;
  }
  EXPECT_EQ(unpack_lzma(Bytes(500, 0xff), 5000), unexpected(LzmaFault::kBroken));
}

}  // namespace
}  // namespace virtsev::boot::ovmf
