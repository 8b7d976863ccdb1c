// SPDX-License-Identifier: LGPL-2.1-or-later
// Root ports, and the devices of running guests that come and go behind them.
#include "domain-xml/live_devices.hpp"
#include "sample.hpp"

namespace virtsev::domain_xml::test {
namespace {

using enum ErrorCode;
using Kind = LiveDevice::Kind;

const std::string kPort = "<controller type='pci' model='pcie-root-port'/>";

std::string disk(const std::string& target, const std::string& more = "") {
  return "<disk type='file'><source file='/" + target + "'/><target dev='" + target + "'/>" + more +
         "</disk>";
}
std::string at(const std::string& bus, const std::string& slot = "0x00") {
  return "<address type='pci' domain='0x0000' bus='" + bus + "' slot='" + slot + "' function='0x0'/>";
}

/// With two slots, a disk on the root bus, and a source of random numbers in the second slot.
DomainDefinition guest() {
  return parse(with_device(kPort + kPort + disk("vda") + "<rng model='virtio'>" + at("0x02") + "</rng>"));
}

template <typename Call>
std::optional<ErrorCode> code_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

TEST(RootPorts, HaveNumbersAndSlotsBehindThoseOfDevices) {
  const DomainDefinition definition = guest();
  ASSERT_EQ(definition.root_ports.size(), 2U);
  EXPECT_EQ(definition.disks.at(0).slot, 1);
  EXPECT_EQ(definition.root_ports[0], (RootPortDefinition{1, 2}));
  EXPECT_EQ(definition.root_ports[1], (RootPortDefinition{2, 3}));
  EXPECT_EQ(definition.entropy.at(0).slot, 0);
  EXPECT_EQ(definition.entropy.at(0).port, 2);
  EXPECT_TRUE(definition.not_used.empty());
  EXPECT_TRUE(holds(definition.document, "bus='0x02' slot='0x00'"));
  EXPECT_EQ(parse(definition.document).document, definition.document);
}

TEST(RootPorts, OfQemusDocumentsKeepTheirIndexesAndGetSlotsOfTheirOwn) {
  const DomainDefinition definition = parse(
      with_device("<controller type='pci' index='0' model='pcie-root'/>"
                  "<controller type='pci' index='4' model='pcie-root-port'><model name='pcie-root-port'/>"
                  "<target chassis='4' port='0x13'/>" +
                  std::string("<address type='pci' domain='0x0000' bus='0x00' slot='0x02' function='0x3'/>") +
                  "</controller><controller type='pci' model='pcie-root-port'>" + at("0x00", "0x09") +
                  "</controller>" + disk("vda", at("0x04")) + disk("vdb", at("0x07"))));
  EXPECT_EQ(definition.root_ports.at(0).number, 4);
  EXPECT_EQ(definition.root_ports.at(1), (RootPortDefinition{1, 9}));
  EXPECT_EQ(definition.disks.at(0).port, 4);
  EXPECT_EQ(definition.disks.at(1).port, 0) << "no such port: it gets a slot of the root bus";
  EXPECT_EQ(definition.disks.at(1).slot, 1);
}

TEST(RootPorts, WithoutASlotOrOfAnotherModelAreNamed) {
  const DomainDefinition definition =
      parse(with_device("<controller type='pci' model='pcie-root-port'><target hotplug='off'/></controller>"
                        "<controller type='pci' model='pcie-to-pci-bridge'/>"));
  EXPECT_TRUE(definition.root_ports.empty());
  EXPECT_EQ(definition.not_used, std::vector<std::string>{"<devices><controller type='pci'>"});
}

TEST(RootPorts, RefuseTwoOfAnIndexTwoDevicesInASlotAndTooMany) {
  const std::string third = "<controller type='pci' index='3' model='pcie-root-port'/>";
  EXPECT_TRUE(refuses(with_device(third + "\n" + third), kXmlError,
                      "<devices><controller> (line 15): the controller in line 14 has this index; remove the "
                      "attribute, and this one gets a free one"));
  EXPECT_TRUE(refuses(with_device(kPort + disk("vda", at("0x01")) + "\n" + disk("vdb", at("0x01"))),
                      kXmlError,
                      "<devices><disk><address> (line 15): the device in line 14 has this slot; remove the "
                      "element, and this one gets a free one"));
  std::string many;
  for (int i = 0; i < 31; ++i) {
    many += kPort;
  }
  EXPECT_THROW(parse(with_device(many)), Error);
  for (const std::string index : {"0", "31", "x"}) {
    EXPECT_THROW(parse(with_device("<controller type='pci' index='" + index + "' model='pcie-root-port'/>")),
                 Error);
  }
}

TEST(LiveDevices, TakeTheFirstEmptySlotAndAFreeName) {
  const LiveAttachment one = with_live_device(guest(), disk("vdb"));
  EXPECT_EQ(one.device.kind, Kind::kDisk);
  EXPECT_EQ(one.device.number, 1U);
  EXPECT_EQ(one.device.alias, "virtio-disk1");
  EXPECT_EQ(one.device.port, 1);
  EXPECT_EQ(one.definition.disks.at(1).port, 1);
  EXPECT_EQ(one.definition.disks.at(0).slot, guest().disks.at(0).slot) << "nothing else has moved";
  EXPECT_EQ(code_of([&] { with_live_device(one.definition, "<rng model='virtio'/>"); }),
            kOperationUnsupported);
  const auto in_slots = devices_in_slots(one.definition);
  ASSERT_EQ(in_slots.size(), 2U);
  EXPECT_EQ(in_slots[1].alias, "rng0");
}

TEST(LiveDevices, KeepTheirNamesWhenOthersGo) {
  const DomainDefinition both = with_live_device(guest(), disk("vdb")).definition;
  const DomainDefinition one = without_live_device(both, live_device(both, disk("vda")));
  ASSERT_EQ(one.disks.size(), 1U);
  EXPECT_EQ(alias_in_use(one.disks[0], 0), "virtio-disk1");
  const auto found = device_of_alias(one, "virtio-disk1");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->number, 0U);
  EXPECT_FALSE(device_of_alias(one, "virtio-disk0"));
  ParseOptions options;
  options.stored = options.keep_aliases = true;
  EXPECT_EQ(parse(one.document, options), one);
  EXPECT_TRUE(parse(one.document).disks[0].alias.empty()) << "of a definition they are no part";
}

TEST(LiveDevices, ComeWhereTheyAskToAndUnderTheUsersName) {
  const DomainDefinition empty = parse(with_device(kPort + kPort));
  const LiveAttachment given = with_live_device(empty, disk("vdb", "<alias name='ua-data'/>" + at("0x02")));
  EXPECT_EQ(given.device.port, 2);
  EXPECT_EQ(given.device.alias, "ua-data");
  EXPECT_EQ(code_of([&] { with_live_device(given.definition, disk("vdc", "<alias name='ua-data'/>")); }),
            kOperationInvalid);
  EXPECT_EQ(with_live_device(empty, disk("vdb", "<alias name='virtio-disk9'/>")).device.alias,
            "virtio-disk0");
}

TEST(LiveDevices, ThatCantComeAreRefused) {
  for (const std::string& device :
       {disk("vdb", at("0x00", "0x05")), disk("vdb", at("0x02")),
        std::string("<disk type='file' device='cdrom'><target dev='vdb'/></disk>"),
        disk("vdb", "<driver type='raw' io='threads'/>")}) {
    EXPECT_EQ(code_of([&] { with_live_device(guest(), device); }), kOperationUnsupported) << device;
  }
  EXPECT_EQ(code_of([&] { with_live_device(guest(), disk("vda")); }), kOperationInvalid);
  EXPECT_EQ(code_of([&] { with_live_device(guest(), kPort); }), kConfigUnsupported);
  EXPECT_EQ(code_of([&] { live_device(guest(), disk("vdb")); }), kOperationFailed);
}

}  // namespace
}  // namespace virtsev::domain_xml::test
