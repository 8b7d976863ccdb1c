// SPDX-License-Identifier: LGPL-2.1-or-later
// Root ports, and the devices behind them that come and go.
#include <gtest/gtest.h>

#include "tests/driver/control/samples.hpp"

namespace virtsev::control::test {
namespace {

TEST(Slots, ARootPortAndWhatIsBehindItKeepTheirNumbers) {
  const auto port = start_with({"pci.3", spec::PciAddress{7}, spec::RootPort{3}});
  ASSERT_TRUE(port);
  EXPECT_EQ(std::get<spec::RootPort>(port->machine.devices.at(0).kind).number, 3);
  const auto behind = start_with({"rng0", spec::PciAddress{0, 3}, spec::Entropy{}});
  ASSERT_TRUE(behind);
  const auto address = std::get<spec::PciAddress>(behind->machine.devices.at(0).address);
  EXPECT_EQ(address.port, 3);
  EXPECT_EQ(address.device, 0);
}

TEST(Slots, ARootPortThatThereCantBeIsRefused) {
  for (const std::uint8_t number : {0, machine::kMaxRootPorts + 1, 255}) {
    EXPECT_FALSE(start_with({"port", spec::PciAddress{7}, spec::RootPort{number}})) << unsigned{number};
    EXPECT_FALSE(start_with({"rng0", spec::PciAddress{0, number}, spec::Entropy{}})) << unsigned{number};
  }
  EXPECT_FALSE(start_with({"rng0", spec::PciAddress{1, 3}, spec::Entropy{}})) << "a port has one device";
  EXPECT_FALSE(start_with({"port", spec::PciAddress{0, 3}, spec::RootPort{4}})) << "a port behind a port";
}

TEST(Slots, ADeviceThatComesKeepsItsFieldsAndFiles) {
  const UniqueFd null = open_null();
  spec::Disk disk;
  disk.image = {null.get(), "/images/more.raw"};
  disk.serial = "more";
  const Frame frame =
      received(encode(Request(AttachDevice{{"virtio-disk1", spec::PciAddress{0, 2}, disk}}), 1));
  const auto decoded = decode_request(frame);
  ASSERT_TRUE(decoded);
  const spec::DeviceDescription& device = std::get<AttachDevice>(*decoded).device;
  EXPECT_EQ(device.id, "virtio-disk1");
  EXPECT_EQ(std::get<spec::PciAddress>(device.address).port, 2);
  EXPECT_EQ(std::get<spec::Disk>(device.kind).serial, "more");
  ASSERT_EQ(frame.descriptors.size(), 1U);
  EXPECT_EQ(spec::files_of(device), std::vector<int>{frame.descriptors[0].get()});
}

TEST(Slots, DevicesThatGoKeepTheirNames) {
  const auto request = decode_request(received(encode(Request(DetachDevice{"net3"}), 1)));
  ASSERT_TRUE(request);
  EXPECT_EQ(std::get<DetachDevice>(*request).id, "net3");
  const auto event = decode_event(received(encode(Event(DeviceRemoved{"net3"}))));
  ASSERT_TRUE(event);
  EXPECT_EQ(std::get<DeviceRemoved>(*event).id, "net3");
  Status status;
  status.plugged = {"net3", "virtio-disk1"};
  const auto reply = decode_reply(received(encode(Reply(status), 1)));
  ASSERT_TRUE(reply);
  EXPECT_EQ(std::get<Status>(*reply).plugged, status.plugged);
}

}  // namespace
}  // namespace virtsev::control::test
