// SPDX-License-Identifier: LGPL-2.1-or-later
// What is written out: libvirt's order, the same again after reading, and the live XML.
#include "documents.hpp"
#include "sample.hpp"

namespace virtsev::domain_xml::test {
namespace {

TEST(Format, WritesTheWholeSampleAsLibvirtWould) {
  EXPECT_EQ(format(parse(sample())),
            "<domain type='kvm'>\n"
            "  <name>guest</name>\n"
            "  <uuid>c7a5fdbd-cdaf-9455-926a-d65c16db1809</uuid>\n"
            "  <memory unit='KiB'>524288</memory>\n"
            "  <currentMemory unit='KiB'>524288</currentMemory>\n"
            "  <vcpu placement='static'>2</vcpu>\n"
            "  <os>\n"
            "    <type arch='x86_64' machine='virtsev-q35-1.0'>hvm</type>\n"
            "    <kernel>/boot/vmlinuz</kernel>\n"
            "    <initrd>/boot/initrd.img</initrd>\n"
            "    <cmdline>console=ttyS0 quiet</cmdline>\n"
            "  </os>\n"
            "  <features>\n"
            "    <acpi/>\n"
            "  </features>\n"
            "  <clock offset='utc'/>\n"
            "  <devices>\n"
            "    <serial type='pty'>\n"
            "      <target type='isa-serial' port='0'>\n"
            "        <model name='isa-serial'/>\n"
            "      </target>\n"
            "    </serial>\n"
            "    <console type='pty'>\n"
            "      <target type='serial' port='0'/>\n"
            "    </console>\n"
            "  </devices>\n"
            "  <launchSecurity type='sev'>\n"
            "    <policy>0x0007</policy>\n"
            "  </launchSecurity>\n"
            "</domain>\n");
}

TEST(Format, PutsElementsInLibvirtsOrder) {
  std::string xml = with("  <name>guest</name>\n", "");
  xml = changed(xml, "</domain>", "<unknown/><description>d</description><name>guest</name></domain>");
  const std::string document = parse(xml).document;
  EXPECT_LT(document.find("<name>"), document.find("<uuid>"));
  EXPECT_LT(document.find("<description>"), document.find("<memory "));
  EXPECT_LT(document.find("<devices>"), document.find("<unknown/>"));
  EXPECT_LT(document.find("<unknown/>"), document.find("<launchSecurity "));
}

TEST(Format, EscapesWhatHasAMeaningInXml) {
  const DomainDefinition definition = parse(
      with("<vcpu>",
           "<description>&lt;&amp;&gt; \"'</description><x y='&lt;&amp;&gt;&quot;&apos;&#9;&#10;'/><vcpu>"));
  EXPECT_EQ(definition.description, "<&> \"'");
  EXPECT_TRUE(holds(definition.document, "<description>&lt;&amp;&gt; \"'</description>"));
  EXPECT_TRUE(holds(definition.document, "<x y='&lt;&amp;&gt;&quot;&apos;&#9;&#10;'/>"));
  EXPECT_EQ(parse(definition.document), definition);
}

TEST(Format, IsTheSameAgainAfterReading) {
  const DomainDefinition first = parse(sample());
  EXPECT_EQ(parse(format(first)), first);
}

TEST(Format, AcceptsAndKeepsTheDocumentsOfTools) {
  for (const Written& written : documents_of_tools()) {
    SCOPED_TRACE(written.by);
    const DomainDefinition first = parse(written.xml);
    EXPECT_EQ(parse(format(first)), first);
  }
}

TEST(LiveXml, ShowsWhatIsKnownOnlyWhileItRuns) {
  const DomainDefinition definition = parse(sample());
  const LiveState live{7, "/dev/pts/3", 51, 5};
  const std::string xml = format(definition, &live);
  EXPECT_TRUE(holds(xml, "<domain type='kvm' id='7'>\n"));
  EXPECT_TRUE(holds(xml,
                    "    <serial type='pty'>\n"
                    "      <source path='/dev/pts/3'/>\n"
                    "      <target type='isa-serial' port='0'>\n"
                    "        <model name='isa-serial'/>\n"
                    "      </target>\n"
                    "      <alias name='serial0'/>\n"
                    "    </serial>\n"
                    "    <console type='pty' tty='/dev/pts/3'>\n"
                    "      <source path='/dev/pts/3'/>\n"
                    "      <target type='serial' port='0'/>\n"
                    "      <alias name='serial0'/>\n"
                    "    </console>\n"));
  EXPECT_TRUE(holds(xml,
                    "  <launchSecurity type='sev'>\n"
                    "    <cbitpos>51</cbitpos>\n"
                    "    <reducedPhysBits>5</reducedPhysBits>\n"
                    "    <policy>0x0007</policy>\n"
                    "  </launchSecurity>\n"));
}

TEST(LiveXml, OfAUsersOwnAliasKeepsIt) {
  const DomainDefinition definition =
      parse(with_device("<serial type='pty'><alias name='ua-log'/></serial>"));
  const LiveState live{1, "/dev/pts/0", {}, {}};
  const std::string xml = format(definition, &live);
  EXPECT_TRUE(holds(xml, "      <alias name='ua-log'/>\n    </serial>\n"));
  EXPECT_TRUE(holds(xml, "      <alias name='ua-log'/>\n    </console>\n"));
  EXPECT_EQ(xml.find("serial0"), std::string::npos);
}

TEST(LiveXml, GivenToDefineIsTheInactiveDefinitionAgain) {
  const DomainDefinition definition =
      parse(with_security("<cbitpos>51</cbitpos><reducedPhysBits>5</reducedPhysBits>"));
  const LiveState live{7, "/dev/pts/3", 51, 5};
  EXPECT_EQ(parse(format(definition, &live)), definition);
}

TEST(LiveXml, OfAGuestWithoutConsoleNeedsNone) {
  const DomainDefinition definition = parse(with_device(""));
  const LiveState live{7, "", 51, 5};
  EXPECT_TRUE(holds(format(definition, &live), "id='7'"));
}

}  // namespace
}  // namespace virtsev::domain_xml::test
