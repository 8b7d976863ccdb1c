// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/pm_timer.hpp"

#include <gtest/gtest.h>

namespace virtsev::vmm {
namespace {

TEST(PmTimer, CountsAt3579545HertzIn24Bits) {
  std::chrono::nanoseconds now{0};
  PmTimer timer([&] { return now; });
  const auto read = [&] {
    ByteArray<4> data{};
    timer.read(0, data);
    return get_le<std::uint32_t>(data, 0);
  };
  EXPECT_EQ(read(), 0U);
  now = std::chrono::seconds(1);
  EXPECT_EQ(read(), 3579545U);
  now = std::chrono::milliseconds(1500);
  EXPECT_EQ(read(), 5369317U);
  now = std::chrono::hours(24 * 365 * 100);
  EXPECT_LE(read(), 0xffffffU) << "the upper byte is 0 for ever";
}

TEST(PmTimer, ReadsInPartsAndCantBeWritten) {
  PmTimer timer([] { return std::chrono::seconds(1); });
  const std::uint8_t value = 0;
  timer.write(0, ByteView(&value, 1));
  ByteArray<2> data{};
  timer.read(1, data);
  EXPECT_EQ(get_le<std::uint16_t>(data, 0), 3579545U >> 8);
}

}  // namespace
}  // namespace virtsev::vmm
