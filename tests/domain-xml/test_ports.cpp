// SPDX-License-Identifier: LGPL-2.1-or-later
// <console> and <channel> of target type virtio, and their controller.
#include "sample.hpp"

namespace virtsev::domain_xml::test {
namespace {

using enum ErrorCode;

const std::string kAgent =
    "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>";
const std::string kConsole = "<console type='pty'><target type='virtio'/></console>";

TEST(Ports, AChannelGetsAControllerAndAnAddress) {
  const DomainDefinition definition = parse(with_device(kAgent));
  ASSERT_EQ(definition.ports.size(), 1U);
  const PortDefinition& port = definition.ports[0];
  EXPECT_FALSE(port.console);
  EXPECT_TRUE(port.socket);
  EXPECT_EQ(port.name, "org.qemu.guest_agent.0");
  EXPECT_EQ(port.path, "");
  EXPECT_EQ(port.number, 1) << "0 is for a console";
  EXPECT_EQ(alias_in_use(port), "channel0");
  EXPECT_EQ(definition.port_controller.value().slot, 1);
  EXPECT_TRUE(definition.not_used.empty());
  EXPECT_TRUE(holds(definition.document,
                    "    <controller type='virtio-serial' index='0'>\n"
                    "      <address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x0'/>\n"
                    "    </controller>\n"));
  EXPECT_TRUE(holds(definition.document,
                    "    <channel type='unix'>\n"
                    "      <target type='virtio' name='org.qemu.guest_agent.0'/>\n"
                    "      <address type='virtio-serial' controller='0' bus='0' port='1'/>\n"
                    "    </channel>\n"));
  EXPECT_EQ(parse(definition.document), definition);
}

TEST(Ports, AConsoleStandsBehindThatOfTheSerialPort) {
  const DomainDefinition definition = parse(with_device(kConsole + "<serial type='pty'/>" + kAgent));
  ASSERT_EQ(definition.serials.size(), 1U);
  ASSERT_EQ(definition.ports.size(), 2U);
  EXPECT_TRUE(definition.ports[0].console);
  EXPECT_EQ(definition.ports[0].number, 0);
  EXPECT_EQ(alias_in_use(definition.ports[0]), "console1");
  EXPECT_EQ(alias_in_use(definition.ports[1]), "channel0");
  EXPECT_TRUE(definition.not_used.empty());
  const std::size_t serial = definition.document.find("<target type='serial' port='0'/>");
  EXPECT_LT(serial, definition.document.find("<target type='virtio' port='1'/>"));
  EXPECT_EQ(parse(definition.document), definition);
}

TEST(Ports, AConsoleNeedsNoSerialPort) {
  const DomainDefinition definition = parse(with_device(kConsole));
  EXPECT_TRUE(definition.serials.empty());
  ASSERT_EQ(definition.ports.size(), 1U);
  EXPECT_EQ(alias_in_use(definition.ports[0]), "console0");
}

TEST(Ports, AControllerWithoutPortsIsADeviceAllTheSame) {
  const DomainDefinition definition = parse(with_device("<controller type='virtio-serial' index='0'/>"));
  EXPECT_TRUE(definition.port_controller.has_value());
  EXPECT_TRUE(definition.ports.empty());
  EXPECT_TRUE(definition.not_used.empty());
}

TEST(Ports, KeepTheNumbersThatTheyAskFor) {
  const DomainDefinition definition =
      parse(with_device("<channel type='pty'><target type='virtio' name='a'/></channel>"
                        "<channel type='pty'><target type='virtio' name='b'/>"
                        "<address type='virtio-serial' controller='0' bus='0' port='1'/></channel>"));
  EXPECT_EQ(definition.ports.at(0).number, 2);
  EXPECT_EQ(definition.ports.at(1).number, 1);
}

TEST(Ports, TwoOfOneNumberAreRefused) {
  const std::string address = "<address type='virtio-serial' controller='0' bus='0' port='1'/>";
  EXPECT_TRUE(refuses(
      with_device("<channel type='pty'><target type='virtio' name='a'/>" + address + "</channel>\n" +
                  "<channel type='pty'><target type='virtio' name='b'/>" + address + "</channel>"),
      kXmlError,
      "<devices><channel><address> (line 15): the device in line 14 has this port; remove the element, and "
      "this one gets a free one"));
}

TEST(Ports, MoreThanThereAreAreRefused) {
  std::string many;
  for (int i = 0; i < 8; ++i) {
    many += "<channel type='pty'><target type='virtio' name='n" + std::to_string(i) + "'/></channel>\n";
  }
  EXPECT_TRUE(refuses(with_device(many), kConfigUnsupported,
                      "<devices><channel> (line 21): there are 8 ports, the first of which is for a console, "
                      "and all are taken; remove the element"));
}

TEST(Ports, ASocketOfTheUsersOwnIsKept) {
  const DomainDefinition definition =
      parse(with_device("<channel type='unix'><source mode='bind' path='/srv/agent'/>"
                        "<target type='virtio' name='org.qemu.guest_agent.0' state='connected'/></channel>"));
  EXPECT_EQ(definition.ports.at(0).path, "/srv/agent");
  EXPECT_TRUE(holds(definition.document, "<source mode='bind' path='/srv/agent'/>"));
  EXPECT_FALSE(holds(definition.document, "state="));
}

TEST(Ports, AGivenSocketsPlaceIsForgotten) {
  for (const std::string path :
       {"/run/libvirt/sev/channel/3-demo/org.qemu.guest_agent.0",
        "/var/lib/libvirt/qemu/channel/target/domain-1-demo/org.qemu.guest_agent.0"}) {
    const DomainDefinition definition =
        parse(with_device("<channel type='unix'><source mode='bind' path='" + path +
                          "'/><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"));
    EXPECT_EQ(definition.ports.at(0).path, "") << path;
    EXPECT_FALSE(holds(definition.document, "<source")) << path;
  }
}

TEST(Ports, WhatIsNotThereIsRefusedByName) {
  EXPECT_TRUE(refuses(with_device("<channel type='tcp'><target type='virtio' name='a'/></channel>"),
                      kConfigUnsupported,
                      "<devices><channel> (line 14): type='tcp' is not there; write type='unix' or "
                      "type='pty', or remove the element"));
  EXPECT_TRUE(refuses(with_device("<serial type='pty'><target type='virtio'/></serial>"), kConfigUnsupported,
                      "<devices><serial> (line 14): a serial port of type 'virtio' is not there; write "
                      "<target type='isa-serial' port='0'/>"));
  EXPECT_TRUE(
      refuses(with_device("<channel type='unix'><source mode='connect' path='/a'/><target type='virtio' "
                          "name='a'/></channel>"),
              kConfigUnsupported,
              "<devices><channel><source> (line 14): mode='connect' is not there: virtsevd makes the socket, "
              "and clients connect to it; write mode='bind', or remove the element"));
  EXPECT_TRUE(
      refuses(with_device("<channel type='pty'><target type='guestfwd' address='10.0.2.1' "
                          "port='4600'/></channel>"),
              kConfigUnsupported,
              "<devices><channel> (line 14): a channel of type 'guestfwd' is not there; write <target "
              "type='virtio' name='...'/>"));
}

TEST(Ports, AScreensChannelIsNone) {
  for (const std::string type : {"spicevmc", "spiceport", "qemu-vdagent", "dbus"}) {
    const DomainDefinition definition = parse(
        with_device("<channel type='" + type + "'><target type='virtio' name='com.redhat.spice.0'/>" +
                    "<address type='virtio-serial' controller='0' bus='0' port='1'/></channel>" + kAgent));
    ASSERT_EQ(definition.ports.size(), 1U) << type;
    EXPECT_EQ(alias_in_use(definition.ports[0]), "channel0");
    EXPECT_EQ(definition.not_used, std::vector<std::string>{"<devices><channel type='" + type + "'>"});
    LiveState live;
    live.id = 1;
    live.ports = {{"/run/agent", true}};
    EXPECT_TRUE(holds(format(definition, &live),
                      "    <channel type='unix'>\n"
                      "      <source mode='bind' path='/run/agent'/>\n"));
    EXPECT_EQ(parse(definition.document), definition);
  }
}

TEST(Ports, NamesAndPathsThatLeadElsewhereAreRefused) {
  for (const std::string name : {"", "../up", "a/b", ".hidden", "line&#10;break"}) {
    EXPECT_THROW(
        parse(with_device("<channel type='unix'><target type='virtio' name='" + name + "'/></channel>")),
        Error)
        << name;
  }
  for (const std::string path : {"relative", "/directory/", "/line&#10;break"}) {
    EXPECT_THROW(parse(with_device("<channel type='unix'><source mode='bind' path='" + path +
                                   "'/><target type='virtio' name='a'/></channel>")),
                 Error)
        << path;
  }
}

TEST(LivePorts, SayWhereTheyAreAndWhoHasThemOpen) {
  const DomainDefinition definition = parse(with_device("<serial type='pty'/>" + kConsole + kAgent));
  LiveState live;
  live.id = 1;
  live.console_path = "/dev/pts/3";
  live.ports = {{"/dev/pts/4", false}, {"/run/agent", true}};
  const std::string document = format(definition, &live);
  EXPECT_TRUE(holds(document, "<console type='pty' tty='/dev/pts/3'>"));
  EXPECT_TRUE(holds(document,
                    "    <console type='pty' tty='/dev/pts/4'>\n"
                    "      <source path='/dev/pts/4'/>\n"
                    "      <target type='virtio' port='1'/>\n"
                    "      <alias name='console1'/>\n"
                    "      <address type='virtio-serial' controller='0' bus='0' port='0'/>\n"
                    "    </console>\n"));
  EXPECT_TRUE(holds(document,
                    "      <source mode='bind' path='/run/agent'/>\n"
                    "      <target type='virtio' name='org.qemu.guest_agent.0' state='connected'/>\n"
                    "      <alias name='channel0'/>\n"));
  EXPECT_TRUE(holds(document, "<alias name='virtio-serial0'/>"));
  EXPECT_EQ(parse(document).ports.at(1).path, "/run/agent") << "of no place that is given";
}

}  // namespace
}  // namespace virtsev::domain_xml::test
