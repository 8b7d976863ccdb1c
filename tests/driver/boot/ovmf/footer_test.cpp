// SPDX-License-Identifier: LGPL-2.1-or-later
// What OVMF's table may say, and that no image makes its parser misbehave.
#include "driver/boot/ovmf/footer.hpp"

#include <gtest/gtest.h>

#include "tests/driver/boot/ovmf/synthetic_firmware.hpp"

namespace virtsev::boot::ovmf {
namespace {

using test::synthetic_firmware;

TEST(OvmfFooter, GivesTheThreeEntriesAndSkipsOthers) {
  const auto footer = parse_footer(synthetic_firmware());
  ASSERT_TRUE(footer.has_value());
  EXPECT_EQ(footer->reset_address, 0x0081'2344U);
  EXPECT_EQ(footer->secret, (Block{0x0081'5000, 0xc00}));
  EXPECT_EQ(footer->kernel_hashes, (Block{0x0081'5c00, 0x400}));
}

TEST(OvmfFooter, AnEntryThatIsNotThereIsNone) {
  test::Table table;
  table.reset = false;
  EXPECT_EQ(parse_footer(synthetic_firmware(table))->reset_address, std::nullopt);
}

TEST(OvmfFooter, RefusesAnImageWithoutIt) {
  EXPECT_EQ(parse_footer(Bytes(8192)).error(), FooterFault::kNone);
  EXPECT_EQ(parse_footer(Bytes(10)).error(), FooterFault::kNone);
  EXPECT_EQ(parse_footer({}).error(), FooterFault::kNone);
}

TEST(OvmfFooter, RefusesATableLongerThanTheImage) {
  Bytes image = synthetic_firmware();
  put_le<std::uint16_t>(image, image.size() - 50, 0xffff);
  EXPECT_EQ(parse_footer(image).error(), FooterFault::kBroken);
}

TEST(OvmfFooter, RefusesATableShorterThanItsOwnName) {
  Bytes image = synthetic_firmware();
  put_le<std::uint16_t>(image, image.size() - 50, 17);
  EXPECT_EQ(parse_footer(image).error(), FooterFault::kBroken);
}

TEST(OvmfFooter, RefusesAnEntryOfLengthZeroRatherThanReadItForEver) {
  Bytes image = synthetic_firmware();
  put_le<std::uint16_t>(image, image.size() - 50 - 18, 0);
  EXPECT_EQ(parse_footer(image).error(), FooterFault::kBroken);
}

TEST(OvmfFooter, EveryLengthOfTheLastEntryIsAcceptedOrRefusedInBounds) {
  const Bytes original = synthetic_firmware();
  unsigned accepted = 0;
  for (unsigned length = 0; length <= 0xffff; ++length) {
    Bytes image(original.end() - 512, original.end());
    put_le(image, image.size() - 50 - 18, static_cast<std::uint16_t>(length));
    accepted += parse_footer(image).has_value() ? 1 : 0;
  }
  EXPECT_GE(accepted, 1U);
  EXPECT_LT(accepted, 8U);
}

}  // namespace
}  // namespace virtsev::boot::ovmf
