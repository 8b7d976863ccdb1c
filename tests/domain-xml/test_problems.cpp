// SPDX-License-Identifier: LGPL-2.1-or-later
// All problems of a document in one error, and what happens when all of its advice is followed.
#include <random>

#include "documents.hpp"
#include "domain-xml/xml/problems.hpp"
#include "follow.hpp"
#include "mutator.hpp"
#include "sample.hpp"

namespace virtsev::domain_xml::test {
namespace {

using enum ErrorCode;

/// As distribution guides write an SEV guest for QEMU: firmware, disks, a screen, iommu='on' everywhere.
constexpr const char* kForQemu = R"(<domain type='qemu'>
  <name>of/a/guide</name>
  <uuid>not-a-uuid</uuid>
  <memory unit='heaps'>4</memory>
  <currentMemory unit='KiB'>4194304</currentMemory>
  <vcpu placement='static' current='1'>2</vcpu>
  <os firmware='efi'>
    <type arch='x86_64' machine='pc-q35-8.2'>hvm</type>
    <loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE.fd</loader>
    <nvram>/var/lib/libvirt/qemu/nvram/guide_VARS.fd</nvram>
    <smbios mode='sysinfo'/>
  </os>
  <features>
    <acpi/>
    <smm state='on'/>
    <vmport state='on'/>
  </features>
  <cpu mode='host-model'>
    <topology sockets='1' cores='4' threads='1'/>
  </cpu>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>coredump-restart</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' iommu='on'/>
      <source file='/var/lib/libvirt/images/guide.qcow2'/>
      <target dev='sda' bus='scsi'/>
    </disk>
    <controller type='scsi' index='0' model='virtio-scsi'><driver iommu='on'/></controller>
    <interface type='network'>
      <source network='default'/>
      <model type='virtio'/>
    </interface>
    <serial type='file'><source path='/tmp/serial'/><target type='usb-serial'/></serial>
    <serial type='pty'/>
    <graphics type='spice'/>
    <video><model type='qxl'/></video>
    <rng model='virtio'/>
    <memballoon/>
    <turbo/>
  </devices>
  <launchSecurity type='sev'>
    <cbitpos>c-bit</cbitpos>
    <policy>0x0047</policy>
    <session>AAAA</session>
    <idBlock/>
  </launchSecurity>
</domain>
)";

std::string error_of(const std::string& xml, const ParseOptions& options = {}) {
  try {
    parse(xml, options);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    lines.push_back(line);
  }
  return lines;
}

TEST(AllProblems, OfADocumentForQemuAreInOneErrorInTheOrderOfItsLines) {
  const std::vector<std::string> lines = lines_of(error_of(kForQemu));
  const std::vector<std::string> places = {
      "<domain> (line 1)",
      "<name> (line 2)",
      "<uuid> (line 3)",
      "<memory> (line 4)",
      "<vcpu> (line 6)",
      "<os><type> (line 8)",
      "<os><nvram> (line 10)",
      "<features><smm> (line 15)",
      "<features><vmport> (line 16)",
      "<cpu><topology> (line 19)",
      "<on_reboot> (line 22)",
      "<on_crash> (line 23)",
      "<devices><disk> (line 26)",
      "<devices><serial> (line 36)",
      "<devices><serial> (line 36)",
      "<devices><serial> (line 37)",
      "<devices><memballoon> (line 41)",
      "<devices><turbo> (line 42)",
      "<launchSecurity> (line 44)",
      "<launchSecurity><cbitpos> (line 45)",
      "<launchSecurity><policy> (line 46)",
      "<launchSecurity><session> (line 47)",
      "<launchSecurity><idBlock> (line 48)",
  };
  ASSERT_EQ(lines.size(), places.size() + 1) << error_of(kForQemu);
  EXPECT_EQ(lines[0], "there are 23 problems in the XML:");
  for (std::size_t i = 0; i < places.size(); ++i) {
    EXPECT_TRUE(lines[i + 1].starts_with("  " + places[i] + ": ")) << lines[i + 1];
  }
}

TEST(AllProblems, OnceTheirAdviceIsFollowedTheDocumentIsAccepted) {
  EXPECT_EQ(error_of(follow(kForQemu, error_of(kForQemu))), "");
}

TEST(AllProblems, AreOneTypeOfErrorWithTheFirstOnesCode) {
  try {
    parse(changed(with("<vcpu>2", "<vcpu>none"), "<acpi/>", "<turbo/>"));
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), kXmlError);
    EXPECT_STREQ(error.what(),
                 "there are 2 problems in the XML:\n"
                 "  <vcpu> (line 5): 'none' is not a number of vCPUs; write 1 to 64\n"
                 "  <features><turbo> (line 12): virtsev does not know this element here; remove it");
  }
}

TEST(AllProblems, OfTheSchemaAndOfVirtsevAreTold) {
  ParseOptions options;
  options.validate_schema = true;
  try {
    parse(with("<acpi/>", "<turbo/>"), options);
    FAIL() << "accepted";
  } catch (const Error& error) {
    if (error.code() == kConfigUnsupported) {
      GTEST_SKIP() << "libvirt's schema is not installed (Debian: libvirt0)";
    }
    EXPECT_EQ(error.code(), kXmlInvalidSchema);
    EXPECT_TRUE(holds(error.what(), "the XML is not what libvirt's schema"));
    EXPECT_TRUE(holds(error.what(), "\n  <features><turbo> (line 12): virtsev does not know"));
  }
}

TEST(AllProblems, AreBoundedInNumber) {
  std::string devices;
  for (int i = 0; i < 5000; ++i) {
    devices += "<shmem/>\n";
  }
  const std::string error = error_of(with_device(devices));
  const std::vector<std::string> lines = lines_of(error);
  EXPECT_EQ(lines.size(), Problems::kMaxNamed + 2);
  EXPECT_EQ(lines.front(), "there are 5000 problems in the XML:");
  EXPECT_EQ(lines.back(), "  and 4960 more after these");
}

TEST(AllProblems, AreTheFirstByLineWhereThereAreTooMany) {
  std::string devices;
  for (int i = 0; i < 100; ++i) {
    devices += "<shmem/>\n";
  }
  // The policy is read before the devices, and stands after them.
  const std::string error = error_of(changed(with_device(devices), "0x0007", "seven"));
  EXPECT_TRUE(holds(error, "<devices><shmem> (line 53)"));
  EXPECT_EQ(error.find("<launchSecurity>"), std::string::npos);
}

TEST(AllProblems, AreBoundedInSizeAndCutBetweenCharacters) {
  std::string path;
  for (int i = 0; i < 100'000; ++i) {
    path += "\xc3\xa4";
  }
  const std::string error = error_of(with("/boot/vmlinuz", path));
  EXPECT_LE(error.size(), 2 * Problems::kMaxBytes + 100);
  EXPECT_NE(xmlCheckUTF8(reinterpret_cast<const unsigned char*>(error.c_str())), 0);
}

// What is advised may be wrong in company with something else alone: so any document, however it is broken.
TEST(AllProblems, AnyDocumentIsAcceptedOnceTheirAdviceIsFollowed) {
  std::vector<std::string> valid = {
      sample(), kForQemu,
      with_security("<dhCert>" + certificate() + "</dhCert><session>" + session() + "</session>")};
  for (const Written& written : documents_of_tools()) {
    valid.push_back(written.xml);
  }
  int followed = 0;
  for (unsigned seed = 0; followed < 600; ++seed) {
    ASSERT_LT(seed, 100'000U) << "mutation changes too little";
    const std::string xml = Mutator(seed).mutate(valid[seed % valid.size()]);
    const std::string error = error_of(xml);
    if (error.empty() || error.starts_with("the XML can't be read")) {
      continue;
    }
    if (error.find("the outermost element has to be <domain>") != std::string::npos ||
        error.find("more after these") != std::string::npos) {
      continue;
    }
    ++followed;
    std::string corrected;
    ASSERT_NO_THROW(corrected = follow(xml, error)) << error << "\n" << xml;
    EXPECT_EQ(error_of(corrected), "") << "after\n" << error << "\nof seed " << seed << "\n" << xml;
  }
}

}  // namespace
}  // namespace virtsev::domain_xml::test
