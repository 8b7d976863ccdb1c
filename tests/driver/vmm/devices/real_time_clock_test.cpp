// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/real_time_clock.hpp"

#include <gtest/gtest.h>

namespace virtsev::vmm {
namespace {

class Clock : public testing::Test {
 protected:
  std::uint8_t read(std::uint8_t index) {
    device_.write(0, ByteView(&index, 1));
    ByteArray<1> data{};
    device_.read(1, data);
    return data[0];
  }
  void write(std::uint8_t index, std::uint8_t value) { device_.write(0, Bytes{index, value}); }

  std::time_t now_ = 1767225599;  // 2025-12-31 23:59:59 UTC, a Wednesday
  RealTimeClock device_{[this] { return std::chrono::system_clock::from_time_t(now_); }};
};

TEST_F(Clock, GivesUtcInBcd) {
  EXPECT_EQ(read(0x00), 0x59);
  EXPECT_EQ(read(0x02), 0x59);
  EXPECT_EQ(read(0x04), 0x23);
  EXPECT_EQ(read(0x06), 4);
  EXPECT_EQ(read(0x07), 0x31);
  EXPECT_EQ(read(0x08), 0x12);
  EXPECT_EQ(read(0x09), 0x25);
  EXPECT_EQ(read(0x32), 0x20);
}

TEST_F(Clock, GoesOnWithTheHostsTime) {
  ++now_;
  EXPECT_EQ(read(0x00), 0x00);
  EXPECT_EQ(read(0x04), 0x00);
  EXPECT_EQ(read(0x07), 0x01);
  EXPECT_EQ(read(0x09), 0x26);
}

TEST_F(Clock, SaysThatItIsGoodAndNeverUpdating) {
  EXPECT_EQ(read(0x0a), 0x26);
  EXPECT_EQ(read(0x0b), 0x02);
  EXPECT_EQ(read(0x0c), 0x00);
  EXPECT_EQ(read(0x0d), 0x80);
}

TEST_F(Clock, CantBeSetByTheGuest) {
  for (std::uint8_t index = 0; index < 0x0e; ++index) {
    write(index, 0x77);
  }
  EXPECT_EQ(read(0x00), 0x59);
  EXPECT_EQ(read(0x0b), 0x02);
  EXPECT_EQ(read(0x0d), 0x80);
}

TEST_F(Clock, KeepsTheGuestsOtherBytes) {
  write(0x0f, 0xab);
  write(0x7f, 0xcd);
  EXPECT_EQ(read(0x0f), 0xab);
  EXPECT_EQ(read(0x7f), 0xcd);
  EXPECT_EQ(read(0x10), 0);
}

TEST_F(Clock, IgnoresTheNmiBitOfTheIndex) { EXPECT_EQ(read(0x80 | 0x0d), 0x80); }

}  // namespace
}  // namespace virtsev::vmm
