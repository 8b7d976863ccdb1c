// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/acpi_power.hpp"

#include <gtest/gtest.h>

#include "driver/vmm/bus/bus.hpp"
#include "sevcore/machine/firmware_layout.hpp"
#include "sevcore/machine/memory_layout.hpp"
#include "tests/driver/vmm/fake_interrupts.hpp"

namespace virtsev::vmm::test {
namespace {

class Power : public testing::Test {
 protected:
  std::uint32_t events() {
    ByteArray<4> data{};
    bus_.read(layout::kEventStatusPort, data);
    return get_le<std::uint32_t>(data, 0);
  }
  void write(std::uint16_t port, std::uint8_t value) { bus_.write(port, ByteView(&value, 1)); }

  const FakeInterrupts::Line& line() { return fake_.lines[layout::kEventGsi]; }

  int power_offs_ = 0;
  int resets_ = 0;
  FakeInterrupts fake_;
  Interrupts interrupts_{fake_, layout::kIoApicPins};
  AcpiPower device_{interrupts_.line(layout::kEventGsi), {[this] { ++power_offs_; }, [this] { ++resets_; }}};
  Bus bus_{{{0, 0x10000}}};
  Bus::Attachment attachment_ =
      attach_or_throw(bus_, "power", {layout::kPowerPort, layout::kPowerPortCount}, device_);
};

TEST_F(Power, ButtonRaisesTheLineUntilTheGuestReadsTheEvent) {
  EXPECT_EQ(events(), 0U);
  device_.press_power_button();
  EXPECT_TRUE(line().level);
  EXPECT_EQ(events(), layout::kEventPowerButton);
  EXPECT_FALSE(line().level);
  EXPECT_EQ(events(), 0U);
}

TEST_F(Power, EachPressIsAnEdgeBecauseTheGuestMayHaveMissedTheOneBefore) {
  device_.press_power_button();
  device_.press_power_button();
  EXPECT_EQ(line().rises, 2);
  EXPECT_TRUE(line().level);
}

TEST_F(Power, ButtonPressedTwiceBeforeTheGuestLooksIsOneEvent) {
  device_.press_power_button();
  device_.press_power_button();
  EXPECT_EQ(events(), layout::kEventPowerButton);
  EXPECT_FALSE(line().level);
  EXPECT_EQ(events(), 0U);
}

TEST_F(Power, GoesOffForS5Alone) {
  for (int value = 0; value < 0x100; ++value) {
    write(layout::kSleepControlPort, static_cast<std::uint8_t>(value));
  }
  // SLP_EN and S5, whatever the reserved bits 0, 1, 6 and 7 say.
  EXPECT_EQ(power_offs_, 16);
  power_offs_ = 0;
  write(layout::kSleepControlPort, layout::kPowerOffValue);
  EXPECT_EQ(power_offs_, 1);
  write(layout::kSleepControlPort, layout::kSleepTypeS5 << 2);
  EXPECT_EQ(power_offs_, 1) << "SLP_EN is not set";
}

TEST_F(Power, GoesOffAsAnIch9DoesForFirmware) {
  write(layout::kPm1ControlPort, 0xff);
  write(layout::kPm1ControlPort + 1, 0x1f);
  EXPECT_EQ(power_offs_, 0) << "SLP_EN is not set";
  Bytes word;
  append_le<std::uint16_t>(word, 1U << 13);
  bus_.write(layout::kPm1ControlPort, word);
  EXPECT_EQ(power_offs_, 1);
}

TEST_F(Power, ResetsForTheResetValueAlone) {
  for (int value = 0; value < 0x100; ++value) {
    write(layout::kResetPort, static_cast<std::uint8_t>(value));
  }
  EXPECT_EQ(resets_, 1);
  EXPECT_EQ(power_offs_, 0);
}

TEST_F(Power, OtherRegistersReadAsZeroAndIgnoreWrites) {
  device_.press_power_button();
  for (const std::uint16_t port : {layout::kSleepControlPort, layout::kSleepStatusPort, layout::kResetPort}) {
    ByteArray<1> data{0x55};
    bus_.read(port, data);
    EXPECT_EQ(data[0], 0) << port;
  }
  EXPECT_TRUE(line().level) << "reading another register took the event";
  write(layout::kSleepStatusPort, 0xff);
  write(layout::kEventStatusPort, 0xff);
  EXPECT_EQ(events(), layout::kEventPowerButton);
}

}  // namespace
}  // namespace virtsev::vmm::test
