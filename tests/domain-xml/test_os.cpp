// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sample.hpp"

namespace virtsev::domain_xml::test {
namespace {

using enum ErrorCode;

constexpr std::string_view kType = "<type arch='x86_64' machine='q35'>hvm</type>";
constexpr std::string_view kKernel = "<kernel>/boot/vmlinuz</kernel>";
const std::string kNoFirmware =
    "booting firmware is not there yet; remove the element, and name the guest's kernel in <kernel> and "
    "<initrd>, all of "
    "which is measured";

std::string with_kernel_and(const std::string& element) {
  return with(kKernel, std::string(kKernel) + element);
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

TEST(Os, RefusesFirmware) {
  EXPECT_TRUE(
      refuses(with("<os>", "<os firmware='efi'>"), kConfigUnsupported,
              "<os> (line 6): firmware='efi': booting firmware is not there yet; remove the attribute, and "
              "name the guest's kernel in <kernel> and <initrd>, all of which is measured"));
  EXPECT_TRUE(
      refuses(with_kernel_and("<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE.fd</loader>"),
              kConfigUnsupported, "<os><loader> (line 8): " + kNoFirmware));
  EXPECT_TRUE(refuses(with_kernel_and("<nvram>/x</nvram>"), kConfigUnsupported,
                      "<os><nvram> (line 8): " + kNoFirmware));
  EXPECT_TRUE(refuses(with_kernel_and("<bootmenu enable='yes'/>"), kConfigUnsupported,
                      "<os><bootmenu> (line 8): " + kNoFirmware));
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
            "<os>: it names no kernel, and booting one directly is all there is yet; add "
            "<kernel>/path/of/vmlinuz</kernel>");
  EXPECT_EQ(definition.os.kernel, "");
  EXPECT_EQ(parse(sample()).reason_against_start, "");
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
