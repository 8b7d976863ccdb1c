// SPDX-License-Identifier: LGPL-2.1-or-later
// <interface> and <rng>.
#include "sample.hpp"

namespace virtsev::domain_xml::test {
namespace {

using enum ErrorCode;
using Kind = InterfaceDefinition::Kind;
using Names = std::vector<std::string>;

InterfaceDefinition interface_of(const std::string& attributes, const std::string& elements = "") {
  const DomainDefinition definition =
      parse(with_device("<interface " + attributes + ">" + elements + "</interface>"));
  EXPECT_EQ(definition.interfaces.size(), 1U);
  return definition.interfaces.at(0);
}

TEST(Interfaces, OnABridgeHaveATap) {
  const InterfaceDefinition interface =
      interface_of("type='bridge'",
                   "<mac address='52:54:00:AB:cd:01'/><source bridge='br0'/><target dev='tap7'/>"
                   "<model type='virtio'/><mtu size='9000'/><link state='down'/><driver queues='2'/>");
  EXPECT_EQ(interface.kind, Kind::kBridge);
  EXPECT_EQ(interface.bridge, "br0");
  EXPECT_EQ(interface.target, "tap7");
  EXPECT_EQ(interface.mac, (ByteArray<6>{0x52, 0x54, 0, 0xab, 0xcd, 1}));
  EXPECT_EQ(interface.mtu, 9000);
  EXPECT_EQ(interface.queues, 2);
  EXPECT_FALSE(interface.link_up);
  EXPECT_EQ(interface.slot, 1);
}

TEST(Interfaces, GetAMacAddressThatStays) {
  const DomainDefinition definition = parse(with_device("<interface type='user'/>"));
  const ByteArray<6> mac = definition.interfaces.at(0).mac;
  EXPECT_EQ(format_mac(mac).substr(0, 9), "52:54:00:");
  EXPECT_EQ(parse(definition.document).interfaces.at(0).mac, mac);
  EXPECT_TRUE(holds(definition.document, "<mac address='" + format_mac(mac) + "'/>"));
}

TEST(Interfaces, OfTypeUserForwardPorts) {
  const InterfaceDefinition interface = interface_of(
      "type='user'",
      "<backend type='passt'/><portForward proto='tcp' address='127.0.0.1'><range start='2222' to='22'/>"
      "</portForward><portForward proto='udp'><range start='5000' end='5010'/></portForward>");
  EXPECT_EQ(interface.kind, Kind::kUser);
  EXPECT_EQ(interface.forwards,
            (std::vector<PortForward>{{false, "127.0.0.1", 2222, 2222, 22}, {true, "", 5000, 5010, 5000}}));
}

TEST(Interfaces, DoNotAskAgainForTheNameThatARunningGuestsTapHad) {
  EXPECT_EQ(interface_of("type='ethernet'", "<target dev='vnet3'/>").target, "");
  const InterfaceDefinition own = interface_of("type='ethernet'", "<target dev='vnet3' managed='no'/>");
  EXPECT_EQ(own.target, "vnet3");
  EXPECT_FALSE(own.managed);
}

TEST(Interfaces, OnANetworkOfLibvirtsKeepItsNameAndForgetWhatAnEarlierRunShowed) {
  const InterfaceDefinition interface = interface_of(
      "type='network'",
      "<source network='default' portgroup='office' portid='6f2b1c0e-3c55-4f0a-9d54-1f0c7a3c9a11' "
      "bridge='virbr0' macTableManager='libvirt'/><target dev='vnet0'/>");
  EXPECT_EQ(interface.kind, Kind::kNetwork);
  EXPECT_EQ(interface.network, "default");
  EXPECT_EQ(interface.port_group, "office");
  EXPECT_EQ(interface.target, "");
  const DomainDefinition definition =
      parse(with_device("<interface type='network'><source network='default' portid='x' "
                        "bridge='virbr0'/></interface>"));
  EXPECT_TRUE(holds(definition.document, "<source network='default'/>")) << definition.document;
  EXPECT_EQ(parse(definition.document), definition);
}

TEST(Interfaces, OnABridgeForgetTheNetworkThatTheyCameBy) {
  const DomainDefinition definition = parse(
      with_device("<interface type='bridge'><source network='lan' portid='x' bridge='br0'/></interface>"));
  EXPECT_TRUE(holds(definition.document, "<source bridge='br0'/>")) << definition.document;
}

TEST(Interfaces, OnANetworkShowTheirPortWhileTheyRun) {
  const DomainDefinition definition =
      parse(with_device("<interface type='network'><source network='default'/></interface>"));
  NetworkPlug port;
  port.uuid = *parse_uuid("6f2b1c0e-3c55-4f0a-9d54-1f0c7a3c9a11");
  port.bridge = "virbr0";
  LiveState live;
  live.network_ports[definition.interfaces.at(0).slot] = port;
  const std::string source =
      "<source network='default' portid='6f2b1c0e-3c55-4f0a-9d54-1f0c7a3c9a11' bridge='virbr0'/>";
  EXPECT_TRUE(holds(format(definition, &live), "<interface type='network'>"));
  EXPECT_TRUE(holds(format(definition, &live), source));
  live.network_ports.begin()->second.host_bridge = true;
  EXPECT_TRUE(holds(format(definition, &live), "<interface type='bridge'>"));
  EXPECT_TRUE(holds(format(definition, &live), source));
}

TEST(Interfaces, RefusesANetworkWithoutAName) {
  for (const std::string source :
       {"", "<source network=''/>", "<source network='a/b'/>", "<source network='a&#10;b'/>"}) {
    EXPECT_TRUE(
        refuses(with_device("<interface type='network'>" + source + "</interface>"), kXmlError,
                "<devices><interface> (line 14): its network is missing, or can't be a network's name; "
                "write <source network='default'/> with a network of libvirt's (virsh net-list --all), "
                "or remove the element"))
        << source;
  }
}

TEST(Interfaces, RefusesFiltersAndBandwidth) {
  for (const std::string element :
       {"<filterref filter='clean-traffic'/>", "<bandwidth><inbound average='1'/></bandwidth>"}) {
    EXPECT_THROW(parse(with_device("<interface type='network'><source network='default'/>" + element +
                                   "</interface>")),
                 Error);
  }
}

TEST(Interfaces, RefusesOtherTypes) {
  for (const std::string type : {"direct", "hostdev", "vhostuser", "mcast", "vdpa", "null"}) {
    EXPECT_TRUE(refuses(with_device("<interface type='" + type + "'/>"), kConfigUnsupported,
                        "<devices><interface> (line 14): type='" + type +
                            "' is not there; write type='network', type='bridge', type='ethernet' or "
                            "type='user', or remove the element"));
  }
}

TEST(Interfaces, RefusesABridgeWithoutAName) {
  EXPECT_TRUE(refuses(with_device("<interface type='bridge'/>"), kXmlError,
                      "<devices><interface> (line 14): its bridge is missing; write <source bridge='br0'/> "
                      "with a bridge of this host, or remove the element"));
}

TEST(Interfaces, RefusesMacAddressesThatAreNotOneCards) {
  for (const std::string mac :
       {"52:54:00:00:00", "53:54:00:12:34:56", "52-54-00-12-34-56", "g2:54:00:12:34:56"}) {
    EXPECT_THROW(interface_of("type='user'", "<mac address='" + mac + "'/>"), Error) << mac;
  }
}

TEST(Interfaces, RefusesNamesThatNoDeviceHas) {
  EXPECT_THROW(interface_of("type='ethernet'", "<target dev='sixteencharacter'/>"), Error);
  EXPECT_THROW(interface_of("type='bridge'", "<source bridge='../x'/>"), Error);
}

TEST(Interfaces, RefusesWhatWouldHaveToFilterOrLimit) {
  for (const std::string element :
       {"<filterref filter='clean-traffic'/>", "<bandwidth/>", "<vlan><tag id='1'/></vlan>",
        "<virtualport type='openvswitch'/>", "<script path='/bin/sh'/>", "<teaming type='persistent'/>"}) {
    EXPECT_THROW(interface_of("type='user'", element), Error) << element;
  }
}

TEST(Interfaces, OfEmulatedCardsAreVirtioCardsAndSaySo) {
  for (const std::string model : {"e1000e", "e1000", "rtl8139", "vmxnet3"}) {
    const DomainDefinition definition =
        parse(with_device("<interface type='user'><model type='" + model + "'/></interface>"));
    EXPECT_EQ(definition.interfaces.size(), 1U);
    EXPECT_EQ(definition.not_used, Names{"<devices><interface><model type='" + model + "'>"});
  }
  EXPECT_EQ(parse(with_device("<interface type='user'><model type='virtio'/></interface>")).not_used,
            Names{});
}

TEST(Interfaces, RefusesModelsThatNobodyHas) {
  EXPECT_TRUE(refuses(with_device("<interface type='user'><model type='virt'/></interface>"),
                      kConfigUnsupported,
                      "<devices><interface><model> (line 14): a network card of model 'virt' is not there; "
                      "write <model type='virtio'/>"));
}

TEST(Interfaces, HaveAsManyQueuePairsAsTheMonitorTakes) {
  const std::string most = std::to_string(machine::kMaxQueuePairs);
  EXPECT_EQ(interface_of("type='ethernet'", "<driver queues='" + most + "'/>").queues,
            machine::kMaxQueuePairs);
  for (const std::string type : {"type='ethernet'", "type='bridge'"}) {
    EXPECT_TRUE(
        refuses(with_device("<interface " + type + "><source bridge='br0'/><driver queues='7'/></interface>"),
                kXmlError,
                "<devices><interface><driver> (line 14): queues='7' is not a number from 1 to 6; write one, "
                "or remove the attribute"));
  }
}

TEST(Interfaces, OfTypeUserHaveOneQueuePair) {
  EXPECT_TRUE(refuses(with_device("<interface type='user'><driver queues='2'/></interface>"), kXmlError,
                      "<devices><interface><driver> (line 14): queues='2' is not a number from 1 to 1; write "
                      "one, or remove the attribute"));
}

TEST(Interfaces, RefusesRangesOfPortsThatAreNone) {
  for (const std::string range :
       {"start='0'", "start='70000'", "start='10' end='5'", "start='1' end='9' to='65530'"}) {
    EXPECT_THROW(interface_of("type='user'", "<portForward proto='tcp'><range " + range + "/></portForward>"),
                 Error)
        << range;
  }
}

TEST(Entropy, ComesFromTheHostsKernel) {
  for (const std::string backend :
       {"", "<backend model='random'>/dev/urandom</backend>", "<backend model='random'>/dev/random</backend>",
        "<backend model='builtin'/>"}) {
    EXPECT_EQ(parse(with_device("<rng model='virtio'>" + backend + "</rng>")).entropy.size(), 1U) << backend;
  }
  EXPECT_TRUE(refuses(
      with_device("<rng model='virtio'><backend model='random'>/dev/hwrng</backend></rng>"),
      kConfigUnsupported,
      "<devices><rng> (line 14): the guest's random numbers come from the host's kernel; write <backend "
      "model='random'>/dev/urandom</backend>, or remove the element"));
  EXPECT_THROW(parse(with_device("<rng model='virtio'><backend model='egd' type='udp'/></rng>")), Error);
}

TEST(LiveDevices, HaveAliasesAndNamesOfTaps) {
  const DomainDefinition definition = parse(
      with_device("<disk type='file'><source file='/a'/><target dev='vda'/></disk>"
                  "<disk type='file'><source file='/b'/><target dev='vdb'/><alias name='ua-data'/></disk>"
                  "<interface type='user'/><interface type='ethernet'/><rng model='virtio'/>"));
  LiveState live;
  live.id = 1;
  live.taps = {"", "vnet0"};
  const std::string document = format(definition, &live);
  for (const std::string alias : {"virtio-disk0", "ua-data", "net0", "net1", "rng0"}) {
    EXPECT_TRUE(holds(document, "<alias name='" + alias + "'/>"));
  }
  EXPECT_TRUE(holds(document, "<target dev='vnet0'/>"));
  EXPECT_FALSE(holds(format(definition), "<alias name='net0'/>"));
}

}  // namespace
}  // namespace virtsev::domain_xml::test
