// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sample.hpp"

namespace virtsev::domain_xml::test {
namespace {

using enum ErrorCode;
using Names = std::vector<std::string>;

DiskDefinition disk_of(const std::string& elements, const std::string& attributes = "type='file'") {
  const DomainDefinition definition =
      parse(with_device("<disk " + attributes + "><target dev='vda' bus='virtio'/>" + elements + "</disk>"));
  EXPECT_EQ(definition.disks.size(), 1U);
  return definition.disks.at(0);
}

std::string refused_disk(const std::string& elements, const std::string& attributes = "type='file'") {
  return with_device("<disk " + attributes + ">" + elements + "</disk>");
}

TEST(Disks, AreRawImagesByVirtio) {
  const DomainDefinition definition =
      parse(with_device("<disk type='file' device='disk'><driver name='qemu' type='raw'/>"
                        "<source file='/srv/a.img'/><target dev='vda' bus='virtio'/></disk>"));
  DiskDefinition expected;
  expected.path = "/srv/a.img";
  expected.target = "vda";
  expected.slot = 1;
  EXPECT_EQ(definition.disks, std::vector<DiskDefinition>{expected});
  EXPECT_EQ(definition.not_used, Names{});
  EXPECT_TRUE(holds(definition.document,
                    "    <disk type='file' device='disk'>\n"
                    "      <driver name='qemu' type='raw'/>\n"
                    "      <source file='/srv/a.img'/>\n"
                    "      <target dev='vda' bus='virtio'/>\n"
                    "      <address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x0'/>\n"
                    "    </disk>\n"));
}

TEST(Disks, SayHowTheyAreUsed) {
  const DiskDefinition disk = disk_of(
      "<driver type='raw' cache='none' io='threads' discard='unmap' queues='4'/><source file='/a'/>"
      "<readonly/><shareable/><serial>WD-1234</serial><alias name='ua-root'/>");
  EXPECT_TRUE(disk.read_only);
  EXPECT_TRUE(disk.shareable);
  EXPECT_TRUE(disk.threads);
  EXPECT_TRUE(disk.discard);
  EXPECT_EQ(disk.cache, DiskCache::kNone);
  EXPECT_EQ(disk.queues, 4);
  EXPECT_EQ(disk.serial, "WD-1234");
  EXPECT_EQ(disk.alias, "ua-root");
}

TEST(Disks, HaveEveryCacheModeOfLibvirts) {
  const std::pair<std::string, DiskCache> modes[] = {
      {"default", DiskCache::kWriteback},     {"none", DiskCache::kNone},
      {"writeback", DiskCache::kWriteback},   {"writethrough", DiskCache::kWritethrough},
      {"directsync", DiskCache::kDirectsync}, {"unsafe", DiskCache::kUnsafe}};
  for (const auto& [name, cache] : modes) {
    EXPECT_EQ(disk_of("<source file='/a'/><driver cache='" + name + "'/>").cache, cache) << name;
  }
  EXPECT_THROW(parse(refused_disk("<source file='/a'/><target dev='vda'/><driver cache='magic'/>")), Error);
}

TEST(Disks, CanBeBlockDevices) {
  const DiskDefinition disk = disk_of("<source dev='/dev/vg/lv'/>", "type='block'");
  EXPECT_TRUE(disk.block_device);
  EXPECT_EQ(disk.path, "/dev/vg/lv");
}

TEST(Disks, OfACdRomAreReadOnlyOnAnyBusAndSaySo) {
  const DomainDefinition definition = parse(
      with_device("<disk type='file' device='cdrom'><source file='/a.iso'/><target dev='sda' bus='sata'/>"
                  "<readonly/></disk>"));
  EXPECT_TRUE(definition.disks.at(0).read_only);
  EXPECT_TRUE(definition.disks.at(0).cdrom);
  EXPECT_EQ(definition.not_used, Names{"<devices><disk><target bus='sata'>"});
}

TEST(Disks, OfADriveWithoutADiscHaveNoSlot) {
  const DomainDefinition definition =
      parse(with_device("<disk type='file' device='cdrom'><target dev='sda' bus='sata'/></disk>"));
  EXPECT_EQ(definition.disks.at(0).path, "");
  EXPECT_EQ(definition.disks.at(0).slot, 0);
  EXPECT_FALSE(holds(definition.document, "<address"));
}

TEST(Disks, RefusesOtherFormatsAndSaysHowToMakeThemRaw) {
  EXPECT_TRUE(refuses(
      refused_disk("<driver name='qemu' type='qcow2'/><source file='/a'/><target dev='vda'/>"),
      kConfigUnsupported,
      "<devices><disk> (line 14): images of format 'qcow2' come with the storage daemon, which is not there "
      "yet; make it raw (qemu-img convert -O raw) and write <driver type='raw'/>, or remove the element"));
}

TEST(Disks, AreVolumesOfLibvirtsPools) {
  const DomainDefinition definition = parse(refused_disk(
      "<source pool='images' volume='disk.img' mode='host' index='1'/><target dev='vda'/>", "type='volume'"));
  const DiskDefinition& disk = definition.disks.at(0);
  EXPECT_TRUE(disk.is_volume());
  EXPECT_EQ(disk.pool, "images");
  EXPECT_EQ(disk.volume, "disk.img");
  EXPECT_EQ(disk.path, "");
  EXPECT_NE(disk.slot, 0) << "the guest sees it";
  EXPECT_TRUE(holds(definition.document, "<disk type='volume' device='disk'>"));
  EXPECT_TRUE(holds(definition.document, "<source pool='images' volume='disk.img' mode='host'/>"));
  EXPECT_EQ(parse(definition.document), definition);
}

TEST(Disks, OfPoolsHaveAVolumeThatTheHostOpens) {
  for (const std::string source : {"", "<source/>", "<source pool='p'/>", "<source volume='v'/>",
                                   "<source pool='p' volume='a&#10;b'/>"}) {
    EXPECT_TRUE(
        refuses(refused_disk(source + "<target dev='vda'/>", "type='volume'"), kXmlError,
                "<devices><disk> (line 14): its volume is missing, or can't be a volume's name; write "
                "<source pool='POOL' volume='VOLUME'/> with a volume of libvirt's (virsh vol-list POOL), "
                "or remove the element"))
        << source;
  }
  EXPECT_TRUE(
      refuses(refused_disk("<source pool='p' volume='v' mode='direct'/><target dev='vda'/>", "type='volume'"),
              kConfigUnsupported,
              "<devices><disk><source> (line 14): the guest's host opens the volume; write mode='host', "
              "or remove the attribute mode"));
}

TEST(Disks, RefusesDisksOfTheNetwork) {
  for (const std::string type : {"network", "nvme", "vhostuser", "dir"}) {
    EXPECT_THROW(parse(refused_disk("<source/><target dev='vda'/>", "type='" + type + "'")), Error) << type;
  }
  EXPECT_TRUE(refuses(
      refused_disk("<source file='/a'/><target dev='vda'/>", "type='network'"), kConfigUnsupported,
      "<devices><disk> (line 14): disks of type 'network' come with the storage daemon, which is not there "
      "yet; give the guest a file, a block device or a volume (type='file', type='block', type='volume'), or "
      "remove the element"));
}

TEST(Disks, RefusesWhatHasNoImageOrNoName) {
  EXPECT_TRUE(refuses(refused_disk("<target dev='vda'/>"), kXmlError,
                      "<devices><disk> (line 14): its image is missing; write <source file='/PATH'/>, or "
                      "remove the element"));
  EXPECT_TRUE(refuses(refused_disk("<source file='a.img'/><target dev='vda'/>"), kXmlError,
                      "<devices><disk> (line 14): 'a.img' is not an absolute path; write one that begins "
                      "with /, or remove the element"));
  EXPECT_TRUE(refuses(refused_disk("<source file='/a'/>"), kXmlError,
                      "<devices><disk> (line 14): its name is missing, or not letters and digits; write "
                      "<target dev='vda' bus='virtio'/>, or remove the element"));
}

TEST(Disks, OnEmulatedControllersAreVirtioDisksAndSaySo) {
  for (const std::string bus : {"sata", "ide", "scsi", "usb", "sd"}) {
    const DomainDefinition definition = parse(
        with_device("<disk type='file' device='disk'><source file='/a'/><target dev='sdb' bus='" + bus +
                    "'/><serial>S1</serial></disk>"
                    "<disk type='file' device='disk'><source file='/b'/><target dev='sda' bus='" +
                    bus + "'/><address type='drive' controller='0' bus='0' target='0' unit='0'/></disk>"));
    ASSERT_EQ(definition.disks.size(), 2U);
    EXPECT_EQ(definition.disks[0].target, "sdb") << "as they were written, one after the other";
    EXPECT_EQ(definition.disks[0].serial, "S1");
    EXPECT_LT(definition.disks[0].slot, definition.disks[1].slot);
    EXPECT_EQ(definition.not_used, Names{"<devices><disk><target bus='" + bus + "'>"});
    EXPECT_EQ(definition, parse(definition.document));
  }
}

TEST(Disks, RefusesOtherBusesAndNamesTheOneThatIsThere) {
  EXPECT_TRUE(refuses(refused_disk("<source file='/a'/><target dev='sda' bus='xen'/>"), kConfigUnsupported,
                      "<devices><disk> (line 14): disks on bus 'xen' are not there; write <target dev='vda' "
                      "bus='virtio'/>, which every Linux of today has a driver for"));
}

TEST(Disks, RefusesTwoOfOneName) {
  const std::string disk = "<disk type='file'><source file='/a'/><target dev='vda'/></disk>";
  EXPECT_TRUE(refuses(with_device(disk + "\n" + disk), kXmlError,
                      "<devices><disk> (line 15): the disk in line 14 has the name 'vda' already; give this "
                      "one another, or remove the element"));
}

TEST(Disks, RefusesWhatChangesTheBytesOfTheImage) {
  for (const std::string element : {"<transient/>", "<encryption format='luks'/>", "<auth username='x'/>"}) {
    EXPECT_THROW(parse(refused_disk("<source file='/a'/><target dev='vda'/>" + element)), Error) << element;
  }
  EXPECT_NO_THROW(parse(refused_disk("<source file='/a'/><target dev='vda'/><backingStore/>")));
  EXPECT_THROW(parse(refused_disk("<source file='/a'/><target dev='vda'/><backingStore type='file'>"
                                  "<format type='raw'/><source file='/b'/></backingStore>")),
               Error);
}

TEST(Disks, RefusesSerialNumbersThatDoNotFit) {
  EXPECT_NO_THROW(disk_of("<source file='/a'/><serial>12345678901234567890</serial>"));
  EXPECT_THROW(disk_of("<source file='/a'/><serial>123456789012345678901</serial>"), Error);
}

TEST(Disks, NameWhatIsNotDone) {
  EXPECT_EQ(
      parse(refused_disk("<driver type='raw' copy_on_read='on' error_policy='stop' iommu='on'/>"
                         "<source file='/a' startupPolicy='optional'/>"
                         "<target dev='vda'/><boot order='1'/>"
                         "<iotune><total_bytes_sec>1</total_bytes_sec></iotune>"))
          .not_used,
      (Names{"<devices><disk><driver copy_on_read='on'>", "<devices><disk><driver error_policy='stop'>",
             "<devices><disk><source startupPolicy>", "<devices><disk><boot>", "<devices><disk><iotune>"}));
}

TEST(PciAddresses, AreKeptWhereTheyAreGivenAndFilledUpElsewhere) {
  const DomainDefinition definition =
      parse(with_device("<disk type='file'><source file='/a'/><target dev='vda'/></disk>"
                        "<disk type='file'><source file='/b'/><target dev='vdb'/>"
                        "<address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x0'/></disk>"
                        "<rng model='virtio'/>"));
  EXPECT_EQ(definition.disks.at(0).slot, 2);
  EXPECT_EQ(definition.disks.at(1).slot, 1);
  EXPECT_EQ(definition.entropy.at(0).slot, 3);
  EXPECT_EQ(parse(definition.document).document, definition.document);
}

TEST(PciAddresses, OfBusesThatAreNotThereAreReplaced) {
  const DomainDefinition definition =
      parse(with_device("<rng model='virtio'><address type='pci' domain='0x0000' bus='0x05' slot='0x00' "
                        "function='0x0'/></rng>"));
  EXPECT_EQ(definition.entropy.at(0).slot, 1);
  EXPECT_TRUE(holds(definition.document, "bus='0x00' slot='0x01'"));
}

TEST(PciAddresses, RefusesTwoDevicesInOneSlotAndSlotsThatAreNotThere) {
  const std::string rng = "<rng model='virtio'><address type='pci' slot='0x03'/></rng>";
  EXPECT_TRUE(refuses(with_device(rng + "\n" + rng), kXmlError,
                      "<devices><rng><address> (line 15): the device in line 14 has this slot; remove the "
                      "element, and this one gets a free one"));
  EXPECT_TRUE(refuses(with_device("<rng model='virtio'><address type='pci' slot='0x1f'/></rng>"),
                      kConfigUnsupported,
                      "<devices><rng><address> (line 14): a device has function 0 of a slot from 1 to 30 on "
                      "bus 0; remove the element, and it gets a free one"));
}

TEST(PciAddresses, RefusesMoreDevicesThanThereAreSlots) {
  std::string many;
  for (int i = 0; i < 31; ++i) {
    many += "<rng model='virtio'/>\n";
  }
  EXPECT_TRUE(refuses(with_device(many), kConfigUnsupported,
                      "<devices><rng> (line 44): the machine has 30 slots for devices, and all are taken; "
                      "remove the element"));
}

}  // namespace
}  // namespace virtsev::domain_xml::test
