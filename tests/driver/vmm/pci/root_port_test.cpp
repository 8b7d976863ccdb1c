// SPDX-License-Identifier: LGPL-2.1-or-later
// A slot as a guest's driver finds it: empty, with a device that came, and when that goes.
#include "driver/vmm/pci/root_port.hpp"

#include <gtest/gtest.h>

#include "driver/vmm/pci/pci_host.hpp"
#include "tests/driver/vmm/fake_interrupts.hpp"

namespace virtsev::vmm::test {
namespace {

constexpr PciIdentity kDevice{0x1af4, 0x1041, 1, 0x020000, 0x1af4, 1};
constexpr std::uint8_t kPort = 30;
constexpr std::uint8_t kBehind = 4;  // The number that the guest gives the bus

class RootPortTest : public testing::Test {
 protected:
  RootPortTest() {
    write(0, kPort, 0x18, 0x00040400, 4);  // Primary 0, secondary and subordinate 4
    for (std::size_t next = read(0, kPort, 0x34, 1); next != 0; next = read(0, kPort, next + 1, 1)) {
      if (read(0, kPort, next, 1) == 0x10) {
        express_ = next;
      }
    }
  }
  std::uint32_t read(std::uint8_t bus, std::uint8_t device, std::size_t offset, std::size_t size) {
    ByteArray<4> data{};
    host_.bus().read({bus, device, 0, offset}, MutableBytes(data).first(size));
    return get_le<std::uint32_t>(data, 0);
  }
  void write(std::uint8_t bus, std::uint8_t device, std::size_t offset, std::uint32_t value,
             std::size_t size) {
    ByteArray<4> data{};
    put_le<std::uint32_t>(data, 0, value);
    host_.bus().write({bus, device, 0, offset}, ByteView(data).first(size));
  }
  std::uint32_t status() { return read(0, kPort, express_ + 0x1a, 2); }
  void control(std::uint32_t value) { write(0, kPort, express_ + 0x18, value, 2); }
  std::uint32_t behind() { return read(kBehind, 0, 0, 4); }

  FakeInterrupts controller_;
  Interrupts interrupts_{controller_, 24};
  Buses buses_{{{layout::kMmio32.start.value(), layout::kMmio32.size},
                {layout::kPciEcam.start.value(), layout::kPciEcam.size}}};
  PciHost host_{buses_};
  int ejected_ = 0;
  PciRootPort port_{
      {"port", host_.bus(), buses_.memory, interrupts_, bars_of_device(kPort), 7, [this] { ++ejected_; }}};
  PciBus::Attachment attachment_ = attach_or_throw(host_.bus(), "port", kPort, port_.function());
  PciFunction device_{"device", kDevice, buses_.memory, bars_of_device(5)};
  std::size_t express_ = 0;
};

TEST_F(RootPortTest, IsABridgeWithAHotPlugSlot) {
  EXPECT_EQ(read(0, kPort, 0x0a, 2), 0x0604U);
  EXPECT_EQ(read(0, kPort, 0x0e, 1), 1U);
  ASSERT_NE(express_, 0U);
  EXPECT_EQ(read(0, kPort, express_ + 2, 2) >> 4 & 0x1f, 0x14U) << "root port, slot implemented";
  EXPECT_EQ(read(0, kPort, express_ + 0x14, 4), 7U << 19 | 1U << 18 | 0x53);
  EXPECT_TRUE(port_.is_empty());
  EXPECT_EQ(status(), 0U);
  EXPECT_EQ(behind(), ~0U);
  write(0, kPort, 0x1c, 0xf0f0, 2);
  EXPECT_EQ(read(0, kPort, 0x1c, 2), 0U) << "no window of ports";
}

TEST_F(RootPortTest, ADeviceThatCameIsThereAndItsEventsAreClearedByOnes) {
  port_.plug_in(device_);
  EXPECT_EQ(status(), 0x148U);  // Link changed, present, presence changed
  EXPECT_EQ(read(0, kPort, express_ + 0x12, 2) & 1U << 13, 1U << 13) << "link active";
  EXPECT_EQ(behind(), ~0U) << "without power";
  control(0x00f1);  // The control: clears nothing, and switches the power on
  EXPECT_EQ(status(), 0x148U);
  EXPECT_EQ(behind(), 0x10411af4U);
  EXPECT_EQ(read(kBehind, 1, 0, 4), ~0U);
  EXPECT_EQ(read(kBehind + 1, 0, 0, 4), ~0U);
  write(0, kPort, express_ + 0x1a, 0x08, 1);
  EXPECT_EQ(status(), 0x140U);
  write(0, kPort, express_ + 0x1a, 0xffff, 2);
  EXPECT_EQ(status(), 0x40U);
  EXPECT_EQ(ejected_, 0);
}

TEST_F(RootPortTest, ADeviceGoesOnceTheGuestHasSwitchedItsSlotOff) {
  EXPECT_EQ(port_.press_button(), PciRootPort::Pressed::kNotInUse);
  EXPECT_EQ(status(), 0U) << "nothing to take out";
  port_.plug_in(device_);
  control(0x1131);  // Power on, indicator on, interrupts for button and link
  EXPECT_EQ(port_.press_button(), PciRootPort::Pressed::kAsked);
  EXPECT_EQ(status() & 1, 1U);
  EXPECT_EQ(ejected_, 0);
  control(0x1631);  // Power off, indicator blinks: not done yet
  EXPECT_EQ(ejected_, 0);
  EXPECT_FALSE(port_.is_ejected());
  control(0x1731);
  control(0x1731);
  EXPECT_EQ(ejected_, 1);
  EXPECT_TRUE(port_.is_ejected());
  EXPECT_EQ(behind(), ~0U);
  port_.pull_out();
  EXPECT_FALSE(port_.is_ejected());
  EXPECT_EQ(status() & 0x40, 0U);
  EXPECT_TRUE(port_.is_empty());
}

TEST_F(RootPortTest, TheNextDeviceGoesThroughTheSame) {
  for (int i = 1; i <= 3; ++i) {
    port_.plug_in(device_);
    control(0x1131);
    control(0x1731);
    EXPECT_EQ(ejected_, i);
    port_.pull_out();
  }
}

TEST_F(RootPortTest, AGuestThatIsAtItIsNotAskedAgainWhichWouldCallItOff) {
  port_.plug_in(device_);
  control(0x1131);
  EXPECT_EQ(port_.press_button(), PciRootPort::Pressed::kAsked);
  EXPECT_EQ(port_.press_button(), PciRootPort::Pressed::kAtIt) << "it has not seen the first one";
  write(0, kPort, express_ + 0x1a, 1, 2);
  control(0x1231);  // It blinks
  EXPECT_EQ(port_.press_button(), PciRootPort::Pressed::kAtIt);
  EXPECT_EQ(status() & 1, 0U);
  control(0x1131);  // It has changed its mind
  EXPECT_EQ(port_.press_button(), PciRootPort::Pressed::kAsked);
}

TEST_F(RootPortTest, ADeviceThatWasNeverSwitchedOnIsNotInUse) {
  port_.plug_in(device_);
  control(0x17f1);  // As it was, with interrupts: no eject, as nothing was switched off
  EXPECT_EQ(ejected_, 0);
  EXPECT_EQ(port_.press_button(), PciRootPort::Pressed::kNotInUse);
}

TEST(PciRootPort, OfAMachineThatBootsHasItsDeviceWithPower) {
  FakeInterrupts controller;
  Interrupts interrupts(controller, 24);
  Buses buses(std::vector<BusRange>{{layout::kMmio32.start.value(), layout::kMmio32.size},
                                    {layout::kPciEcam.start.value(), layout::kPciEcam.size}});
  PciHost host(buses);
  PciRootPort port({"port", host.bus(), buses.memory, interrupts, bars_of_device(1), 7, [] {}});
  PciFunction device("device", kDevice, buses.memory, GuestAddress(0));
  port.plug_in(device);
  ByteView space = std::as_const(port).function().space().bytes();
  std::size_t express = space[0x34];
  while (space[express] != 0x10) {
    express = space[express + 1];
  }
  EXPECT_EQ(get_le<std::uint16_t>(space, express + 0x18), 0x100) << "power, and its indicator";
  EXPECT_EQ(get_le<std::uint16_t>(space, express + 0x1a), 0x40) << "present, and nothing has changed";
  EXPECT_EQ(port.press_button(), PciRootPort::Pressed::kNotInUse) << "the guest has not looked yet";
  port.pull_out();
  space = std::as_const(port).function().space().bytes();
  EXPECT_EQ(get_le<std::uint16_t>(space, express + 0x18), 0x700) << "no power, and its indicator is off";
}

TEST_F(RootPortTest, ABusNumberOfZeroOrOfAnotherPortHidesNothingOfTheRootBus) {
  port_.plug_in(device_);
  control(0x1131);
  write(0, kPort, 0x18, 0, 4);
  EXPECT_EQ(read(0, 0, 0, 4), 0x29c08086U);
  EXPECT_EQ(behind(), ~0U);
}

}  // namespace
}  // namespace virtsev::vmm::test
