// SPDX-License-Identifier: LGPL-2.1-or-later
// Guests with a device on PCI, on real KVM and in the sandbox: they move its registers and messages about.
#include "driver/vmm/pci/pci_host.hpp"
#include "driver/vmm/virtio/pci_transport.hpp"
#include "sevcore/machine/memory_layout.hpp"
#include "tests/driver/boot/fakes/machine_edits.hpp"
#include "tests/driver/vmm/guest/tiny_guest_test.hpp"

namespace virtsev::vmm::test {
namespace {

using control::EndReason;

constexpr std::uint8_t kDevice = 3;
constexpr std::uint32_t kConfiguration = 0xe0000000 + kDevice * 0x8000;
constexpr std::uint32_t kCommand = kConfiguration + 4;
constexpr std::uint32_t kBar0 = kConfiguration + 0x10;
constexpr std::uint32_t kBar1 = kConfiguration + 0x14;
constexpr std::uint32_t kMessageControl = kConfiguration + 0x40;  // With the capability's id and link
constexpr std::uint32_t kMessagesOn = 0x8000U << 16;

class PciGuest : public TinyGuestTest {
 protected:
  void run_with_device(const TinyGuest& guest, std::uint32_t policy) {
    control::Start start = prepare(guest);
    boot::test::set_policy(start.machine, policy);
    start.machine.devices.push_back({"rng0", spec::PciAddress{kDevice}, spec::Entropy{}});
    launch(start);
    resume();
  }
  static std::uint32_t window() { return static_cast<std::uint32_t>(bars_of_device(kDevice).value()); }
};

TEST_F(PciGuest, FindsTheDeviceWhereTheDefinitionHasIt) {
  TinyGuest guest;
  guest.print("id ").print_memory(kConfiguration, 4).print(" end").power_off();
  run_with_device(guest, 5);
  EXPECT_TRUE(console_shows("id \xf4\x1a\x44\x10 end"));
  EXPECT_EQ(wait_for_end().reason, EndReason::kPoweroff);
}

TEST_F(PciGuest, MovesRegistersOntoRamOntoEachOtherAndBack) {
  TinyGuest guest;
  guest.write_memory(kCommand, 2);
  for (const std::uint32_t place : {window(), 0U, 0x1000000U, 0xfee00000U, 0xffffffffU, window() + 0x40000}) {
    guest.write_memory(kBar0, place).write_memory(kBar1, place);
  }
  guest.write_memory(kBar0, window() + 0x80000).write_memory(kBar1, window() + 0x90000);
  // The number of queues, where the registers are now.
  guest.print("queues ").print_memory(window() + 0x80000 + 18, 1).print(" end").power_off();
  run_with_device(guest, 5);
  EXPECT_TRUE(console_shows("queues \x01 end"));
  EXPECT_EQ(wait_for_end().reason, EndReason::kPoweroff);
}

TEST_F(PciGuest, WritesATableOfOnesAndOfMessages) {
  const std::uint32_t table = window() + PciTransport::kBarSize;
  TinyGuest guest;
  guest.write_memory(kCommand, 2).write_memory(kMessageControl, kMessagesOn);
  for (std::uint32_t offset = 0; offset < 64; offset += 4) {
    guest.write_memory(table + offset, 0xffffffff);
  }
  for (std::uint32_t entry = 0; entry < 32; entry += 16) {
    guest.write_memory(table + entry + 12, 0)
        .write_memory(table + entry, 0xfee00000)
        .write_memory(table + entry + 4, 0);
    guest.write_memory(table + entry + 8, 0xffffffff).write_memory(table + entry + 8, 0x4041);
  }
  guest.write_memory(kMessageControl, 0).print("still here").power_off();
  run_with_device(guest, 1);
  EXPECT_TRUE(console_shows("still here"));
  EXPECT_EQ(wait_for_end().reason, EndReason::kPoweroff);
  EXPECT_EQ(monitor_->wait_for_exit(), 0) << "and its threads end within their sandboxes";
}

}  // namespace
}  // namespace virtsev::vmm::test
