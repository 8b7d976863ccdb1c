// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain-xml/firmware_choice.hpp"
#include "sample.hpp"

namespace virtsev::domain_xml::test {
namespace {

using enum ErrorCode;

constexpr std::string_view kType = "<type arch='x86_64' machine='q35'>hvm</type>";
constexpr std::string_view kKernel = "<kernel>/boot/vmlinuz</kernel>";
std::string with_kernel_and(const std::string& element) {
  return with(kKernel, std::string(kKernel) + element);
}

/// Without a kernel of the host's.
std::string guest_with(const std::string& loader) {
  const std::string without = changed(with("    <initrd>/boot/initrd.img</initrd>\n", ""),
                                      "    <cmdline>console=ttyS0 quiet</cmdline>\n", "");
  return changed(without, kKernel, loader);
}

std::string error_of(const std::string& document) {
  try {
    parse(document);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

TEST(Os, StoresTheCanonicalMachine) {
  for (const char* type :
       {"<type machine='q35'>hvm</type>", "<type arch='x86_64'>hvm</type>", "<type>hvm</type>",
        "<type machine='virtsev-q35-1.0' arch='x86_64'>\n hvm </type>"}) {
    const DomainDefinition definition = parse(with(kType, type));
    EXPECT_EQ(definition.os.machine, "virtsev-q35-1.0") << type;
    EXPECT_TRUE(holds(definition.document, "    <type arch='x86_64' machine='virtsev-q35-1.0'>hvm</type>\n"));
  }
}

TEST(Os, RefusesAnotherMachineArchitectureOrType) {
  EXPECT_TRUE(refuses(with("'q35'", "'pc'"), kConfigUnsupported,
                      "<os><type> (line 7): machine='pc' is not offered; write machine='q35'"));
  EXPECT_TRUE(refuses(with("'x86_64'", "'aarch64'"), kConfigUnsupported,
                      "<os><type> (line 7): arch='aarch64' is not offered; write arch='x86_64'"));
  EXPECT_TRUE(refuses(with(">hvm<", ">exe<"), kConfigUnsupported,
                      "<os><type> (line 7): 'exe' is not offered; virtsev's guests are of type 'hvm'"));
  EXPECT_TRUE(
      refuses(with(kType, ""), kXmlError,
              "<os> (line 6): its <type> is missing; add <type arch='x86_64' machine='q35'>hvm</type>"));
}

TEST(Os, TakesFirmwareThatIsNamed) {
  for (const char* written :
       {"<loader>/usr/share/OVMF/OVMF_CODE.fd</loader>",
        "<loader readonly='yes' secure='no' type='pflash'> /usr/share/OVMF/OVMF_CODE.fd </loader>",
        "<loader readonly='yes' type='rom' stateless='yes' "
        "format='raw'>/usr/share/OVMF/OVMF_CODE.fd</loader>"}) {
    const DomainDefinition definition = parse(guest_with(written));
    EXPECT_EQ(definition.os.loader, "/usr/share/OVMF/OVMF_CODE.fd") << written;
    EXPECT_EQ(definition.reason_against_start, "") << written;
    EXPECT_EQ(definition.os.kernel, "");
  }
  EXPECT_NO_THROW(parse(changed(guest_with("<loader>/OVMF.fd</loader>"), "<os>", "<os firmware='efi'>")));
}

TEST(Os, RefusesALoaderThatFirmwareCantBe) {
  const auto at_loader = [](const std::string& reason) { return "<os><loader> (line 8): " + reason; };
  const auto loader = [](const std::string& attributes) {
    return guest_with("<loader " + attributes + ">/usr/share/OVMF/OVMF_CODE.fd</loader>");
  };
  EXPECT_TRUE(refuses(loader("readonly='no'"), kConfigUnsupported,
                      at_loader("the guest never writes to its firmware's image; write readonly='yes'")));
  EXPECT_TRUE(
      refuses(loader("secure='yes'"), kConfigUnsupported,
              at_loader("Secure Boot needs system management mode, which virtsev's guests do not have; "
                        "write secure='no', or remove the attribute")));
  EXPECT_TRUE(refuses(loader("stateless='no'"), kConfigUnsupported,
                      at_loader("firmware keeps its variables in the guest's memory: it is stateless; write "
                                "stateless='yes'")));
  EXPECT_TRUE(refuses(loader("format='qcow2'"), kConfigUnsupported,
                      at_loader("format='qcow2' is not offered; an image's format is 'raw'")));
  EXPECT_TRUE(refuses(guest_with("<loader>OVMF.fd</loader>"), kXmlError,
                      at_loader("'OVMF.fd' is not an absolute path; write one that begins with /")));
}

TEST(Os, RefusesAKernelBesideFirmwareWhichNobodyWouldMeasure) {
  const std::string document = with_kernel_and("<loader>/OVMF.fd</loader>");
  EXPECT_TRUE(holds(error_of(document),
                    "<os><kernel> (line 8): beside a <loader>, firmware would take it from the host"));
  const DomainDefinition hashed =
      parse(changed(document, "<launchSecurity type='sev'", "<launchSecurity type='sev' kernelHashes='yes'"));
  EXPECT_EQ(hashed.os.loader, "/OVMF.fd");
  EXPECT_EQ(hashed.os.kernel, "/boot/vmlinuz");
}

TEST(Os, RefusesWhatFirmwareDoesNotOffer) {
  EXPECT_TRUE(refuses(
      guest_with("<loader>/OVMF.fd</loader><nvram>/x</nvram>"), kConfigUnsupported,
      "<os><nvram> (line 8): firmware keeps its variables in the guest's memory, and not in a file of "
      "the host's, which nobody measures; remove the element"));
  EXPECT_TRUE(
      refuses(guest_with("<loader>/OVMF.fd</loader><firmware><feature name='secure-boot'/></firmware>"),
              kConfigUnsupported,
              "<os><firmware> (line 8): virtsev does not choose firmware by features; remove the "
              "element, and name it in <loader>"));
  EXPECT_TRUE(
      refuses(with_kernel_and("<bootmenu enable='yes'/>"), kConfigUnsupported,
              "<os><bootmenu> (line 8): virtsev's firmware is not asked for that; remove the element"));
  EXPECT_TRUE(refuses(with("<os>", "<os firmware='bios'>"), kConfigUnsupported,
                      "<os> (line 6): firmware='bios' is not offered; write firmware='efi'"));
}

TEST(Os, LeavesTheChoiceOfFirmwareToTheHost) {
  const std::string chosen = changed(guest_with(""), "<os>", "<os firmware='efi'>");
  const DomainDefinition definition = parse(chosen);
  EXPECT_EQ(definition.os.loader, "");
  EXPECT_EQ(definition.reason_against_start, "");
  const DomainDefinition live = with_loader(definition, "/usr/share/OVMF/OVMF_CODE.fd");
  EXPECT_EQ(live.os.loader, "/usr/share/OVMF/OVMF_CODE.fd");
  EXPECT_TRUE(
      holds(live.document, "    <loader readonly='yes' type='rom'>/usr/share/OVMF/OVMF_CODE.fd</loader>\n"));
  EXPECT_TRUE(
      refuses(with("<os>", "<os firmware='efi'>"), kConfigUnsupported,
              "<os> (line 6): firmware='efi' beside a <kernel>: firmware would take it from the host, "
              "and nobody would measure it; remove the attribute, and all of it is measured; or remove "
              "<kernel>, and boot from the guest's disk"));
}

TEST(Os, KeepsABootMenuThatIsOff) {
  const std::string off = "<bootmenu enable='no'/>";
  EXPECT_TRUE(holds(parse(with("<kernel>", off + "<kernel>")).document, off));
  EXPECT_THROW(parse(with("<kernel>", "<bootmenu enable='yes'/><kernel>")), Error);
  EXPECT_THROW(parse(with("<kernel>", "<bootmenu/><kernel>")), Error);
}

TEST(Os, WithoutAKernelIsTakenAndNotStarted) {
  const DomainDefinition definition = parse(with(kKernel, "<boot dev='hd'/>"));
  EXPECT_EQ(definition.reason_against_start,
            "<os>: it does not say what to boot; add <kernel>/path/of/vmlinuz</kernel>, or, for a guest that "
            "has its kernel on its disk, <loader readonly='yes' type='rom'>/path/of/OVMF.fd</loader>");
  EXPECT_EQ(definition.os.kernel, "");
  EXPECT_EQ(parse(sample()).reason_against_start, "");
  EXPECT_EQ(parse(changed(with(kKernel, ""), "<os>", "<os firmware='efi'>")).reason_against_start,
            "<os>: <initrd> and <cmdline> are for a kernel, and firmware='efi' boots the one on the guest's "
            "disk; remove them");
}

TEST(Os, SmbiosIsKeptAndNamed) {
  const DomainDefinition definition = parse(with_kernel_and("<smbios mode='sysinfo'/>"));
  EXPECT_EQ(definition.not_used, std::vector<std::string>{"<os><smbios>"});
  EXPECT_TRUE(holds(definition.document, "    <smbios mode='sysinfo'/>\n"));
}

TEST(Os, RefusesRelativePaths) {
  EXPECT_TRUE(
      refuses(with("/boot/vmlinuz", "vmlinuz"), kXmlError,
              "<os><kernel> (line 8): 'vmlinuz' is not an absolute path; write one that begins with /"));
  EXPECT_TRUE(refuses(with("/boot/initrd.img", ""), kXmlError,
                      "<os><initrd> (line 9): '' is not an absolute path; write one that begins with /"));
}

TEST(Os, NeedsNoInitrdAndNoCommandLine) {
  const DomainDefinition definition = parse(changed(with("    <initrd>/boot/initrd.img</initrd>\n", ""),
                                                    "    <cmdline>console=ttyS0 quiet</cmdline>\n", ""));
  EXPECT_TRUE(definition.os.initrd.empty());
  EXPECT_TRUE(definition.os.command_line.empty());
}

TEST(Os, TakesTheCommandLineToTheByte) {
  EXPECT_EQ(parse(with("console=ttyS0 quiet", " a=\"b c\" &amp;&lt; d ")).os.command_line,
            " a=\"b c\" &< d ");
}

TEST(Os, RefusesACommandLineThatTheKernelWouldCut) {
  EXPECT_EQ(parse(with("console=ttyS0 quiet", std::string(2047, 'a'))).os.command_line.size(), 2047U);
  EXPECT_TRUE(refuses(
      with("console=ttyS0 quiet", std::string(2048, 'a')), kConfigUnsupported,
      "<os><cmdline> (line 10): the kernel reads a command line of at most 2047 bytes; this one has 2048"));
}

TEST(Os, KeepsBootOrder) {
  EXPECT_TRUE(holds(parse(with(kType, "<boot dev='hd'/><type>hvm</type>")).document,
                    "</cmdline>\n    <boot dev='hd'/>\n  </os>\n"));
}

TEST(Os, RefusesTablesOfTheUsersOwn) {
  EXPECT_TRUE(
      refuses(with_kernel_and("<acpi><table type='slic'>/x</table></acpi>"), kConfigUnsupported,
              "<os><acpi> (line 8): virtsev's ACPI tables are fixed and measured; remove the element"));
}

TEST(Os, RefusesUnknownElements) {
  EXPECT_TRUE(refuses(with_kernel_and("<kernle>/boot/vmlinuz</kernle>"), kConfigUnsupported,
                      "<os><kernle> (line 8): virtsev does not know this element here; remove it"));
}

}  // namespace
}  // namespace virtsev::domain_xml::test
