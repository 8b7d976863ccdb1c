// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/port_bus.hpp"

#include <gtest/gtest.h>

#include "driver/vmm/devices/keyboard_controller.hpp"
#include "sevcore/base/error.hpp"

namespace virtsev::vmm {
namespace {

/// Answers with its mark plus the offset, and remembers what it was told.
class Recorder : public BytePortDevice {
 public:
  explicit Recorder(std::uint8_t mark) : mark_(mark) {}
  std::vector<std::pair<std::uint16_t, std::uint8_t>> writes;

 private:
  std::uint8_t read_register(std::uint16_t offset) override {
    return static_cast<std::uint8_t>(mark_ + offset);
  }
  void write_register(std::uint16_t offset, std::uint8_t value) override {
    writes.emplace_back(offset, value);
  }
  std::uint8_t mark_;
};

class Bus : public testing::Test {
 protected:
  Bus() {
    bus_.attach(0x3f8, 8, one_);
    bus_.attach(0x70, 2, other_);
  }
  template <std::size_t N>
  ByteArray<N> read(std::uint16_t port) {
    ByteArray<N> data{};
    bus_.read(port, data);
    return data;
  }
  Recorder one_{0x10};
  Recorder other_{0x80};
  PortBus bus_;
};

TEST_F(Bus, FindsTheDeviceAndItsRegister) {
  EXPECT_EQ(read<1>(0x3f8)[0], 0x10);
  EXPECT_EQ(read<1>(0x3ff)[0], 0x17);
  EXPECT_EQ(read<1>(0x71)[0], 0x81);
  bus_.write(0x3fa, Bytes{7});
  EXPECT_EQ(one_.writes, (std::vector<std::pair<std::uint16_t, std::uint8_t>>{{2, 7}}));
  EXPECT_TRUE(other_.writes.empty());
}

TEST_F(Bus, SplitsWideAccessesForByteDevices) {
  EXPECT_EQ(read<2>(0x70), (ByteArray<2>{0x80, 0x81}));
  bus_.write(0x70, Bytes{1, 2});
  EXPECT_EQ(other_.writes, (std::vector<std::pair<std::uint16_t, std::uint8_t>>{{0, 1}, {1, 2}}));
}

TEST_F(Bus, AnswersOnesWhereNoDeviceIs) {
  EXPECT_EQ(read<4>(0x80), (ByteArray<4>{0xff, 0xff, 0xff, 0xff}));
  EXPECT_EQ(read<1>(0xffff)[0], 0xff);
  bus_.write(0x80, Bytes{1});
}

TEST_F(Bus, AnswersOnesWhereAnAccessCrossesTheEndOfADevice) {
  EXPECT_EQ(read<2>(0x3ff), (ByteArray<2>{0xff, 0xff}));
  EXPECT_EQ(read<2>(0x6f), (ByteArray<2>{0xff, 0xff}));
  EXPECT_EQ(read<4>(0xfffe), (ByteArray<4>{0xff, 0xff, 0xff, 0xff}));
  bus_.write(0x3ff, Bytes{1, 2});
  EXPECT_TRUE(one_.writes.empty());
}

TEST_F(Bus, TakesNoOverlappingOrImpossibleRange) {
  EXPECT_THROW(bus_.attach(0x3ff, 1, other_), Error);
  EXPECT_THROW(bus_.attach(0x3f0, 9, other_), Error);
  EXPECT_THROW(bus_.attach(0xffff, 2, other_), Error);
  EXPECT_THROW(bus_.attach(0x100, 0, other_), Error);
  EXPECT_NO_THROW(bus_.attach(0x3f0, 8, other_));
  EXPECT_NO_THROW(bus_.attach(0xffff, 1, other_));
}

TEST(KeyboardController, IsIdleAndResetsOnItsOneCommand) {
  int resets = 0;
  KeyboardController keyboard([&] { ++resets; });
  ByteArray<1> data{0x55};
  keyboard.read(0, data);
  EXPECT_EQ(data[0], 0);
  for (int value = 0; value < 0x100; ++value) {
    const auto byte = static_cast<std::uint8_t>(value);
    keyboard.write(0, ByteView(&byte, 1));
    EXPECT_EQ(resets, value < 0xfe ? 0 : 1) << value;
  }
}

}  // namespace
}  // namespace virtsev::vmm
