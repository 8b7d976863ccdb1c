// SPDX-License-Identifier: LGPL-2.1-or-later
// Each device that the table makes is found where the machine has it, and is gone when it goes.
#include "driver/vmm/devices/device_table.hpp"

#include <gtest/gtest.h>

#include "sevcore/machine/memory_layout.hpp"
#include "tests/driver/vmm/fake_interrupts.hpp"

namespace virtsev::vmm::test {
namespace {

class DeviceTable : public testing::Test {
 protected:
  std::unique_ptr<Device> make(const DeviceOptions& options) {
    return make_device(options, {buses_, interrupts_, loop_, panel_, memory_, pci_, fake_, loop_});
  }
  std::uint8_t read(std::uint16_t port) {
    ByteArray<1> data{};
    buses_.ports.read(port, data);
    return data[0];
  }
  void write(std::uint16_t port, std::uint8_t value) { buses_.ports.write(port, ByteView(&value, 1)); }

  Buses buses_{std::vector<BusRange>{}};
  FakeInterrupts fake_;
  Interrupts interrupts_{fake_, layout::kIoApicPins};
  EventLoop loop_;
  Panel panel_;
  PciBus pci_;
  SharedMemory memory_;
};

TEST_F(DeviceTable, ASerialPortIsCom1AndTellsThatTheGuestHasSpoken) {
  auto device = make(spec::Serial{});
  EXPECT_FALSE(panel_.has_spoken());
  write(layout::kCom1Port, 'x');
  EXPECT_TRUE(panel_.has_spoken());
  write(layout::kCom1Port + 4, 0x08);  // OUT2
  write(layout::kCom1Port + 1, 0x02);  // The transmitter is empty
  EXPECT_TRUE(fake_.lines[layout::kCom1Gsi].level);
  device->finish();
  device.reset();
  EXPECT_FALSE(fake_.lines[layout::kCom1Gsi].level);
  EXPECT_EQ(read(layout::kCom1Port + 5), 0xff);
}

TEST_F(DeviceTable, AClockTellsThatItsBatteryIsGood) {
  const auto device = make(RealTimeClockOptions{});
  write(layout::kRtcPort, 0x0d);
  EXPECT_EQ(read(layout::kRtcPort + 1), 0x80);
}

TEST_F(DeviceTable, APowerDeviceHasTheButtonAndPassesOnTheGuestsWishes) {
  int power_offs = 0;
  int resets = 0;
  panel_.power_off = [&] { ++power_offs; };
  panel_.reset = [&] { ++resets; };
  const auto device = make(AcpiPowerOptions{});
  panel_.press_power_button();
  EXPECT_TRUE(fake_.lines[layout::kEventGsi].level);
  write(layout::kSleepControlPort, layout::kPowerOffValue);
  write(layout::kResetPort, layout::kResetValue);
  EXPECT_EQ(power_offs, 1);
  EXPECT_EQ(resets, 1);
}

TEST_F(DeviceTable, AKeyboardControllerResetsTheMachine) {
  int resets = 0;
  panel_.reset = [&] { ++resets; };
  const auto device = make(KeyboardControllerOptions{});
  write(KeyboardController::kPort, 0xfe);
  EXPECT_EQ(resets, 1);
}

TEST_F(DeviceTable, AnEntropyDeviceIsOnPciWhereTheDefinitionHasIt) {
  const auto id_at = [this](std::uint8_t place) {
    ByteArray<4> data{};
    pci_.read({0, place, 0, 0}, data);
    return get_le<std::uint32_t>(data, 0);
  };
  auto device = make(OnPci<spec::Entropy>{"rng0", {5}, {}});
  EXPECT_EQ(id_at(5), 0x10441af4U);
  EXPECT_THROW((void)make(OnPci<spec::Entropy>{"rng1", {5}, {}}), Error);
  device.reset();
  EXPECT_EQ(id_at(5), 0xffffffffU);
  EXPECT_TRUE(fake_.connected.empty());
}

TEST_F(DeviceTable, ASecondDeviceOfTheSameKindHasNoPlaceAndLeavesTheFirst) {
  const auto device = make(RealTimeClockOptions{});
  EXPECT_THROW((void)make(RealTimeClockOptions{}), Error);
  write(layout::kRtcPort, 0x0d);
  EXPECT_EQ(read(layout::kRtcPort + 1), 0x80);
}

TEST_F(DeviceTable, AMachineWithoutDevicesHasAPanelThatDoesNothing) {
  panel_.press_power_button();
  panel_.power_off();
  panel_.reset();
  EXPECT_FALSE(panel_.has_spoken());
}

}  // namespace
}  // namespace virtsev::vmm::test
