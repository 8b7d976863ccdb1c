// SPDX-License-Identifier: LGPL-2.1-or-later
// Each device that the table makes is found where the machine has it, and is gone when it goes.
#include "driver/vmm/devices/device_table.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sevcore/machine/firmware_layout.hpp"
#include "sevcore/machine/memory_layout.hpp"
#include "tests/driver/vmm/fake_interrupts.hpp"

namespace virtsev::vmm::test {
namespace {

class DeviceTable : public testing::Test {
 protected:
  std::unique_ptr<Device> make(const DeviceOptions& options) {
    return make_device(options, {buses_, interrupts_, loop_, panel_, memory_, pci_, fake_, loop_});
  }
  std::uint32_t id_at(std::uint8_t place) {
    ByteArray<4> data{};
    pci_.read({0, place, 0, 0}, data);
    return get_le<std::uint32_t>(data, 0);
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

TEST_F(DeviceTable, AnLpcBridgeIsWhatOvmfKnowsAnIch9By) {
  auto device = make(LpcBridgeOptions{});
  EXPECT_EQ(id_at(31), 0x29188086U);
  ByteArray<4> value{};
  put_le<std::uint32_t>(value, 0, 0x601);
  pci_.write({0, 31, 0, 0x40}, value);
  ByteArray<4> read_back{};
  pci_.read({0, 31, 0, 0x40}, read_back);
  EXPECT_EQ(read_back, value) << "PMBASE keeps what firmware writes";
  device.reset();
  EXPECT_EQ(id_at(31), 0xffffffffU);
}

TEST_F(DeviceTable, FirmwaresTimerAndConfigurationAreAtTheirPorts) {
  const auto timer = make(PmTimerOptions{});
  EXPECT_EQ(read(layout::kPmTimerPort + 3), 0);
  const auto configuration = make(FwCfgOptions{});
  EXPECT_EQ(read(layout::kFwCfgPort + 4), 'Q');
}

TEST_F(DeviceTable, AnEntropyDeviceIsOnPciWhereTheDefinitionHasIt) {
  auto device = make(OnPci<spec::Entropy>{"rng0", {5}, {}});
  EXPECT_EQ(id_at(5), 0x10441af4U);
  EXPECT_THROW((void)make(OnPci<spec::Entropy>{"rng1", {5}, {}}), Error);
  device.reset();
  EXPECT_EQ(id_at(5), 0xffffffffU);
  EXPECT_TRUE(fake_.connected.empty());
}

TEST_F(DeviceTable, ADiskIsOnPciByIoUringAndByThreads) {
  const UniqueFd image(::memfd_create("image", MFD_CLOEXEC));
  ASSERT_EQ(::ftruncate(image.get(), 1 << 20), 0);
  spec::Disk disk;
  disk.image = {image.get(), "image"};
  disk.serial = "serial";
  for (const bool threads : {false, true}) {
    disk.threads = threads;
    auto device = make(OnPci<spec::Disk>{"disk0", {4}, disk});
    EXPECT_EQ(id_at(4), 0x10421af4U);
    DeviceFigures figures;
    device->add_figures(figures);
    ASSERT_EQ(figures.disks.size(), 1U);
    EXPECT_EQ(figures.disks[0].first, "disk0");
    EXPECT_EQ(figures.disks[0].second.errors, 0U);
    device.reset();
    EXPECT_EQ(id_at(4), 0xffffffffU);
  }
}

TEST_F(DeviceTable, ADiskWithoutAnImageIsRefused) {
  EXPECT_THROW((void)make(OnPci<spec::Disk>{"disk0", {4}, {}}), Error);
}

TEST_F(DeviceTable, AnInterfaceIsOnPci) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const UniqueFd ours(ends[0]);
  const UniqueFd passt(ends[1]);
  spec::Interface interface;
  interface.stream = ours.get();
  const auto device = make(OnPci<spec::Interface>{"net0", {6}, interface});
  EXPECT_EQ(id_at(6), 0x10411af4U);
  EXPECT_FALSE(device->set_link("net1", false));
  EXPECT_TRUE(device->set_link("net0", false));
  DeviceFigures figures;
  device->add_figures(figures);
  ASSERT_EQ(figures.interfaces.size(), 1U);
  EXPECT_EQ(figures.interfaces[0].first, "net0");
  EXPECT_EQ(figures.interfaces[0].second.received.packets, 0U);
}

TEST_F(DeviceTable, AnInterfaceWithoutAConnectionOrWithTooManyIsRefused) {
  spec::Interface interface;
  EXPECT_THROW((void)make(OnPci<spec::Interface>{"net0", {6}, interface}), Error);
  const UniqueFd file(::memfd_create("tap", MFD_CLOEXEC));
  interface.taps = std::vector<int>(NetworkDevice::kMostPairs + 1, file.get());
  EXPECT_THROW((void)make(OnPci<spec::Interface>{"net0", {6}, interface}), Error);
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
