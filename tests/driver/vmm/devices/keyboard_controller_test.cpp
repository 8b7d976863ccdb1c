// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/keyboard_controller.hpp"

#include <gtest/gtest.h>

namespace virtsev::vmm {
namespace {

TEST(KeyboardController, IsIdleAndResetsOnItsOneCommand) {
  int resets = 0;
  KeyboardController keyboard([&] { ++resets; });
  ByteArray<1> data{0x55};
  keyboard.read(0, data);
  EXPECT_EQ(data[0], 0xc0) << "nothing to read, ready for a command, and nobody there";
  for (int value = 0; value < 0x100; ++value) {
    const auto byte = static_cast<std::uint8_t>(value);
    keyboard.write(0, ByteView(&byte, 1));
    EXPECT_EQ(resets, value < 0xfe ? 0 : 1) << value;
  }
}

}  // namespace
}  // namespace virtsev::vmm
