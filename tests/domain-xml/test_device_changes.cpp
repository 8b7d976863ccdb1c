// SPDX-License-Identifier: LGPL-2.1-or-later
// Devices that come, go, and change by themselves.
#include "domain-xml/device_changes.hpp"
#include "sample.hpp"
#include "sevcore/machine/machine_version.hpp"

namespace virtsev::domain_xml::test {
namespace {

using enum ErrorCode;

const std::string kDisk = "<disk type='file'><source file='/b'/><target dev='vdb'/></disk>";
const std::string kMac = "<mac address='52:54:00:00:00:0a'/>";
const std::string kInterface = "<interface type='user'>" + kMac + "</interface>";

/// A guest with a disk, two interfaces and a source of random numbers.
DomainDefinition guest() {
  return parse(
      with_device("<disk type='file'><source file='/a'/><target dev='vda'/></disk>"
                  "<interface type='bridge'>" +
                  kMac +
                  "<source bridge='br0'/><mtu size='1400'/></interface>"
                  "<interface type='user'><mac address='52:54:00:00:00:0b'/></interface>"
                  "<rng model='virtio'/>"));
}

template <typename Call>
testing::AssertionResult fails(const Call& call, ErrorCode code, const std::string& text) {
  try {
    call();
  } catch (const Error& error) {
    if (error.code() == code && std::string(error.what()) == text) {
      return testing::AssertionSuccess();
    }
    return testing::AssertionFailure() << static_cast<int>(error.code()) << ": " << error.what();
  }
  return testing::AssertionFailure() << "it is taken";
}

std::string live_interface(const std::string& more = "", const std::string& mac = kMac) {
  return "<interface type='bridge'>" + mac +
         "<source bridge='br0'/><target dev='tap3'/><model type='virtio'/>" + more +
         "<alias name='net0'/><address type='pci' domain='0x0000' bus='0x00' slot='0x02' "
         "function='0x0'/></interface>";
}

TEST(DeviceChanges, ADiskIsAttachedAndDetachedByItsName) {
  const DomainDefinition before = guest();
  const DomainDefinition with = with_device(before, kDisk);
  ASSERT_EQ(with.disks.size(), 2U);
  EXPECT_EQ(with.disks[1].path, "/b");
  EXPECT_EQ(with.disks[1].slot, 5);  // The first that is free
  EXPECT_EQ(with.disks[0], before.disks[0]);
  const DomainDefinition without = without_device(with, "<disk><target dev='vda'/></disk>");
  ASSERT_EQ(without.disks.size(), 1U);
  EXPECT_EQ(without.disks[0].target, "vdb");
  EXPECT_EQ(without_device(with, kDisk), before);
}

TEST(DeviceChanges, AnInterfaceIsDetachedByItsMacOrItsPlace) {
  const DomainDefinition before = guest();
  EXPECT_EQ(without_device(before, "<interface type='user'><mac address='52:54:00:00:00:0A'/></interface>")
                .interfaces.at(0)
                .mac[5],
            0x0b);
  EXPECT_EQ(without_device(before, "<interface><address type='pci' slot='3'/></interface>").interfaces.size(),
            1U);
  const DomainDefinition with = with_device(before, "<interface type='ethernet'/>");
  EXPECT_EQ(with.interfaces.size(), 3U);
  EXPECT_EQ(with_device(without_device(before, "<rng/>"), "<rng model='virtio'/>").entropy.size(), 1U);
}

TEST(DeviceChanges, WhatIsNotThereOrCanBeSeveralIsNotDetached) {
  const DomainDefinition domain = guest();
  EXPECT_TRUE(fails([&] { without_device(domain, kDisk); }, kOperationFailed,
                    "<disk> vdb: the domain has none such; `virsh dumpxml` shows its devices"));
  EXPECT_TRUE(fails([&] { without_device(domain, "<interface type='user'/>"); }, kOperationFailed,
                    "<interface>: it can be more than one of the domain's; say which it is"));
  EXPECT_THROW(without_device(domain, "<interface>" + kMac + "<address slot='9'/></interface>"), Error);
}

TEST(DeviceChanges, AttachedDevicesKeepTheRulesOfDefinitions) {
  const DomainDefinition domain = guest();
  EXPECT_TRUE(
      fails([&] { with_device(domain, "<disk type='file'><source file='/b'/><target dev='vda'/></disk>"); },
            kOperationInvalid, "Requested operation is not valid: target vda already exists"));
  EXPECT_THROW(with_device(domain,
                           "<disk type='file'><driver type='qcow2'/><source file='/b'/>"
                           "<target dev='vdb'/></disk>"),
               Error);
  EXPECT_TRUE(fails(
      [&] { with_device(domain, "<interface type='user'><link state='sideways'/></interface>"); }, kXmlError,
      "<devices><interface><link> (line 1): state='sideways' is not a value that libvirt knows; "
      "remove the attribute, or write one of: down, up"));
  EXPECT_THROW(with_device(domain, "<interface type='user'><address type='pci' slot='1'/></interface>"),
               Error);
  EXPECT_THROW(with_device(domain, "<interface"), Error);
}

TEST(DeviceChanges, OtherElementsAreRefusedByName) {
  for (const std::string name : {"serial", "graphics", "controller", "domain"}) {
    for (const auto change : {domain_xml::with_device, domain_xml::without_device}) {
      EXPECT_TRUE(fails([&] { change(guest(), "<" + name + "/>"); }, kConfigUnsupported,
                        "<" + name +
                            ">: a <disk>, an <interface> or an <rng> is attached, changed and detached by "
                            "itself; change all else of a domain with `virsh edit`"));
    }
  }
}

TEST(DeviceChanges, AMachineHasRoomForSoManyDevices) {
  DomainDefinition domain = parse(with_device(""));
  for (unsigned i = 0; i < machine::kLastPciSlot; ++i) {
    domain = with_device(domain, "<interface type='user'/>");
  }
  EXPECT_THROW(with_device(domain, kInterface), Error);
}

TEST(LinkState, OfTheInterfaceAloneChanges) {
  const DomainDefinition before = guest();
  // As a client gives it back: the document of a running guest, with another state.
  const LinkChange down =
      with_link_state(before, live_interface("<mtu size='1400'/><link state='down'/>"), {"tap3", ""});
  EXPECT_EQ(down.number, 0U);
  EXPECT_FALSE(down.interface().link_up);
  EXPECT_TRUE(holds(down.definition.document, "<link state='down'/>"));
  const LinkChange up = with_link_state(down.definition, live_interface("<mtu size='1400'/>"), {"tap3", ""});
  EXPECT_TRUE(up.interface().link_up);
  EXPECT_EQ(up.definition.interfaces, before.interfaces);
}

TEST(LinkState, IsSetWithoutWhatADocumentMayLeaveOut) {
  const LinkChange change = with_link_state(
      guest(), "<interface type='user'><mac address='52:54:00:00:00:0b'/><link state='down'/></interface>");
  EXPECT_EQ(change.number, 1U);
  EXPECT_FALSE(change.interface().link_up);
  EXPECT_EQ(change.interface().slot, 3);
  EXPECT_TRUE(change.definition.interfaces[0].link_up);
}

TEST(LinkState, IsNotSetBesideAnotherChangeWhichIsNamed) {
  const auto refused = [](const std::string& name) {
    return "<interface> 52:54:00:00:00:0a: of an interface that stays in its place, only the link state can "
           "be "
           "changed, and " +
           name + " is another than the domain's; detach it, and attach it as it is to be";
  };
  const auto given = [](const std::string& more) {
    return [more] { with_link_state(guest(), live_interface(more), {"tap3"}); };
  };
  EXPECT_TRUE(fails(given(""), kOperationUnsupported, refused("<mtu>")));
  EXPECT_TRUE(fails(given("<mtu size='9000'/>"), kOperationUnsupported, refused("<mtu>")));
  EXPECT_TRUE(fails(given("<mtu size='1400'/><driver queues='2'/>"), kOperationUnsupported,
                    refused("<driver queues>")));
  EXPECT_TRUE(fails([] { with_link_state(guest(), live_interface("<mtu size='1400'/>"), {"tap4"}); },
                    kOperationUnsupported, refused("<target>")));
  EXPECT_TRUE(fails([] { with_link_state(guest(), "<interface type='user'>" + kMac + "</interface>"); },
                    kOperationUnsupported, refused("type")));
}

TEST(LinkState, IsNotWhatOtherDevicesHave) {
  EXPECT_TRUE(
      fails([] { with_link_state(guest(), "<disk><target dev='vda'/></disk>"); }, kOperationUnsupported,
            "<disk>: of a device that stays in its place, only the link state of an <interface> can be "
            "changed; detach it, and attach it as it is to be"));
  EXPECT_THROW(with_link_state(guest(), live_interface("", "<mac address='52:54:00:00:00:0c'/>")), Error);
}

}  // namespace
}  // namespace virtsev::domain_xml::test
