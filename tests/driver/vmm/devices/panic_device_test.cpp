// SPDX-License-Identifier: LGPL-2.1-or-later
// The pvpanic device's register, as Linux's driver uses it (drivers/misc/pvpanic).
#include "driver/vmm/devices/panic_device.hpp"

#include <gtest/gtest.h>

namespace virtsev::vmm::test {
namespace {

class PanicRegisterTest : public testing::Test {
 protected:
  std::uint8_t read(std::uint64_t offset) {
    Bytes byte(1);
    device().read(offset, byte);
    return byte[0];
  }
  void write(std::uint64_t offset, Bytes bytes) { device().write(offset, bytes); }
  BusDevice& device() { return register_; }

  int panics_ = 0;
  PanicRegister register_{[this] { ++panics_; }};
};

TEST_F(PanicRegisterTest, OffersOneEvent) {
  EXPECT_EQ(read(0), 1);
  EXPECT_EQ(read(1), 0);
}

TEST_F(PanicRegisterTest, APanicIsToldOn) {
  write(0, {1});
  EXPECT_EQ(panics_, 1);
  write(0, {3});
  EXPECT_EQ(panics_, 2) << "beside an event that is not offered";
}

TEST_F(PanicRegisterTest, WhatIsNoPanicIsNotToldOn) {
  write(0, {0});
  write(0, {2});
  write(1, {1});
  EXPECT_EQ(panics_, 0);
}

}  // namespace
}  // namespace virtsev::vmm::test
