// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sample.hpp"

namespace virtsev::domain_xml::test {
namespace {

using enum ErrorCode;

using Names = std::vector<std::string>;

const std::string kNotYet = "this device is not there yet; remove the element";

TEST(Devices, AcceptsAndKeepsWhatToolsWriteUnasked) {
  const std::string document =
      parse(with_device("<emulator>/usr/bin/virtsev-vmm</emulator>\n"
                        "<controller type='pci' model='pcie-root'/>\n"
                        "<controller type='pci' model='pcie-root-port'/>\n"
                        "<controller type='usb' model='none'/>\n"
                        "<controller type='virtio-serial' index='0'><address type='pci'/></controller>\n"
                        "<input type='mouse' bus='ps2'/><input type='tablet' bus='usb'/>\n"
                        "<memballoon model='virtio'><stats period='5'/></memballoon>\n"
                        "<audio id='1' type='none'/><video><model type='none'/></video>"))
          .document;
  EXPECT_TRUE(holds(document, "    <emulator>/usr/bin/virtsev-vmm</emulator>\n"));
  EXPECT_TRUE(holds(document, "    <controller type='pci' model='pcie-root-port' index='1'>\n"));
  EXPECT_TRUE(holds(document, "    <input type='tablet' bus='usb'/>\n"));
  EXPECT_TRUE(
      holds(document, "    <memballoon model='virtio'>\n      <stats period='5'/>\n    </memballoon>\n"));
  EXPECT_NO_THROW(parse(with_device("<memballoon model='none'/>")));
}

TEST(Devices, NeedNotBeThere) {
  const DomainDefinition definition =
      parse(with("  <devices>\n    <serial type='pty'/>\n  </devices>\n", ""));
  EXPECT_TRUE(definition.serials.empty());
  EXPECT_TRUE(holds(definition.document, "  <devices/>\n"));
}

TEST(Devices, RefusesFileSystemsOfTheHost) {
  EXPECT_TRUE(refuses(with_device("<filesystem type='mount'/>"), kConfigUnsupported,
                      "<devices><filesystem> (line 14): file systems of the host are not there yet; give the "
                      "guest a disk, and remove the element"));
}

/// What virt-manager's wizard adds to a guest that nobody asked it for.
const std::string kWizard =
    "<controller type='usb' model='qemu-xhci' ports='15'/>\n"
    "<channel type='spicevmc'><target type='virtio' name='com.redhat.spice.0'/></channel>\n"
    "<input type='tablet' bus='usb'/>\n"
    "<graphics type='spice' port='-1' autoport='yes'><image compression='off'/></graphics>\n"
    "<sound model='ich9'/>\n"
    "<audio id='1' type='spice'/>\n"
    "<video><model type='qxl'/></video>\n"
    "<redirdev bus='usb' type='spicevmc'/>\n"
    "<redirdev bus='usb' type='spicevmc'/>\n";

TEST(Devices, ThatOnlyAScreenNeedsAreKeptAndNamed) {
  const DomainDefinition definition = parse(with_device(kWizard));
  EXPECT_EQ(definition.not_used,
            (Names{"<devices><controller type='usb'>", "<devices><channel type='spicevmc'>",
                   "<devices><input type='tablet'>", "<devices><graphics type='spice'>",
                   "<devices><sound model='ich9'>", "<devices><audio type='spice'>", "<devices><video>",
                   "<devices><redirdev type='spicevmc'>"}));
  EXPECT_TRUE(holds(definition.document,
                    "<graphics type='spice' port='-1' autoport='yes'>\n"
                    "      <image compression='off'/>\n    </graphics>\n"));
  EXPECT_EQ(definition, parse(definition.document));
}

TEST(Devices, ThatOnlyAScreenNeedsAreRefusedOneByOneWhereASiteWantsThat) {
  ParseOptions options;
  options.headless = false;
  std::string lines;
  try {
    parse(with_device(kWizard), options);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), kConfigUnsupported);
    lines = error.what();
  }
  for (const char* name :
       {"controller", "channel", "input", "graphics", "sound", "audio", "video", "redirdev"}) {
    EXPECT_TRUE(holds(lines, std::string("<devices><") + name + "> (line ")) << name << " in " << lines;
  }
  EXPECT_TRUE(holds(lines, "set headless = 1 in virtsevd.conf"));
  EXPECT_NO_THROW(parse(with_device("<controller type='usb' model='none'/><input type='mouse' bus='ps2'/>"
                                    "<audio id='1' type='none'/><video><model type='none'/></video>"),
                        options));
}

TEST(Devices, RefusesChannelsThatAreNotVirtio) {
  EXPECT_TRUE(refuses(with_device("<channel type='unix'/>"), kConfigUnsupported,
                      "<devices><channel> (line 14): a channel of type '' is not there; write <target "
                      "type='virtio' name='...'/>"));
}

TEST(Devices, GiveTheGuestAgentsChannelBesideAScreensThatIsKept) {
  ParseOptions options;
  options.headless = false;
  const std::string agent =
      "<channel type='unix'><source mode='bind'/><target type='virtio' name='org.qemu.guest_agent.0'/>"
      "</channel>";
  const DomainDefinition alone = parse(with_device(agent), options);
  EXPECT_EQ(alone.not_used, Names{});
  ASSERT_EQ(alone.ports.size(), 1U);
  const DomainDefinition both = parse(with_device(kWizard + agent));
  ASSERT_EQ(both.ports.size(), 1U);
  EXPECT_EQ(both.ports[0].name, "org.qemu.guest_agent.0");
  EXPECT_EQ(parse(with_device(kWizard)).not_used, both.not_used);
}

TEST(Devices, RefusesAllOtherDevicesOfLibvirts) {
  for (const std::string name : {"lease", "hostdev", "parallel", "tpm", "shmem", "memory", "watchdog",
                                 "nvram", "iommu", "vsock", "crypto", "pstore"}) {
    EXPECT_TRUE(refuses(with_device("<" + name + "/>"), kConfigUnsupported,
                        "<devices><" + name + "> (line 14): " + kNotYet));
  }
}

TEST(Devices, RefusesUnknownElements) {
  EXPECT_TRUE(refuses(with_device("<gpu/>"), kConfigUnsupported,
                      "<devices><gpu> (line 14): virtsev does not know this element here; remove it"));
  EXPECT_TRUE(refuses(with_device("<q:disk xmlns:q='urn:q'/>"), kConfigUnsupported,
                      "<devices><q:disk> (line 14): virtsev does not know this element here; remove it"));
  EXPECT_TRUE(
      refuses(with_device("<controller type='pci'><turbo/></controller>"), kConfigUnsupported,
              "<devices><controller><turbo> (line 14): virtsev does not know this element here; remove it"));
}

TEST(Devices, RefusesKindsOfAcceptedDevicesThatAreNotThere) {
  EXPECT_TRUE(refuses(with_device("<controller type='xenbus'/>"), kConfigUnsupported,
                      "<devices><controller> (line 14): type='xenbus' is not there; remove the element"));
  EXPECT_TRUE(refuses(with_device("<input type='passthrough'/>"), kConfigUnsupported,
                      "<devices><input> (line 14): type='passthrough' is not there; remove the element"));
  EXPECT_TRUE(refuses(
      with_device("<memballoon/>"), kXmlError,
      "<devices><memballoon> (line 14): its attribute 'model' is missing; add it, or remove the element"));
}

TEST(Serials, OneElementMakesTwo) {
  const std::string both =
      "    <serial type='pty'>\n"
      "      <target type='isa-serial' port='0'>\n"
      "        <model name='isa-serial'/>\n"
      "      </target>\n"
      "    </serial>\n"
      "    <console type='pty'>\n"
      "      <target type='serial' port='0'/>\n"
      "    </console>\n";
  for (const char* device :
       {"<serial type='pty'/>", "<console type='pty'/>", "<serial type='pty'/><console type='pty'/>",
        "<serial type='pty'><target port='0'/></serial>",
        "<console type='pty' tty='/dev/pts/4'><source path='/dev/pts/4'/><target type='serial' "
        "port='0'/><alias name='serial0'/></console>"}) {
    const DomainDefinition definition = parse(with_device(device));
    EXPECT_TRUE(holds(definition.document, both)) << device;
    EXPECT_EQ(definition.serials, std::vector<SerialPort>{SerialPort{}});
  }
}

TEST(Serials, RefusesASecondOne) {
  EXPECT_TRUE(refuses(
      with_device("<serial type='pty'/>\n<serial type='pty'/>"), kConfigUnsupported,
      "<devices><serial> (line 15): the machine has one serial port, which is the console too, in line 14; "
      "remove this element"));
  EXPECT_TRUE(refuses(
      with_device("<console type='pty'/>\n<console type='pty'/>"), kConfigUnsupported,
      "<devices><console> (line 15): the machine has one serial port, which is the console too, in line 14; "
      "remove this element"));
  EXPECT_TRUE(
      refuses(with_device("<serial type='pty'><target port='1'/></serial>"), kConfigUnsupported,
              "<devices><serial> (line 14): port='1': the machine has one serial port; write port='0'"));
}

TEST(Serials, RefusesWhatIsNoPty) {
  EXPECT_TRUE(refuses(
      with_device("<serial type='file'><source path='/etc/shadow'/></serial>"), kConfigUnsupported,
      "<devices><serial> (line 14): type='file' is not there yet; write type='pty', which 'virsh console' "
      "shows"));
  EXPECT_TRUE(refuses(with_device("<console/>"), kXmlError,
                      "<devices><console> (line 14): its type is missing; write type='pty'"));
}

TEST(Serials, RefusesOtherTargets) {
  EXPECT_TRUE(
      refuses(with_device("<serial type='pty'><target type='usb-serial'/></serial>"), kConfigUnsupported,
              "<devices><serial> (line 14): a serial port of type 'usb-serial' is not there; write <target "
              "type='isa-serial' port='0'/>"));
  EXPECT_TRUE(refuses(with_device("<console type='pty'><target type='xen'/></console>"), kConfigUnsupported,
                      "<devices><console> (line 14): a console of type 'xen' is not there; write <target "
                      "type='serial' port='0'/> or <target type='virtio'/>"));
}

TEST(Serials, KeepsAliasesOfTheUsersOwnAlone) {
  const DomainDefinition own = parse(with_device("<serial type='pty'><alias name='ua-log'/></serial>"));
  ASSERT_EQ(own.serials.size(), 1U);
  EXPECT_EQ(own.serials[0].alias, "ua-log");
  EXPECT_TRUE(holds(own.document, "<alias name='ua-log'/>"));
  EXPECT_EQ(parse(with_device("<serial type='pty'><alias name='serial0'/></serial>")).serials[0].alias, "");
}

}  // namespace
}  // namespace virtsev::domain_xml::test
