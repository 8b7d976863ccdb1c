// SPDX-License-Identifier: LGPL-2.1-or-later
// The root, names, UUIDs, titles, and elements that nobody reads.
#include "sample.hpp"

namespace virtsev::domain_xml::test {
namespace {

using enum ErrorCode;

TEST(General, ReadsWhatTheSampleSays) {
  const DomainDefinition definition = parse(sample());
  EXPECT_EQ(definition.name, "guest");
  EXPECT_EQ(format_uuid(definition.uuid), "c7a5fdbd-cdaf-9455-926a-d65c16db1809");
  EXPECT_EQ(definition.memory_bytes, 512ULL << 20);
  EXPECT_EQ(definition.current_memory_bytes, 512ULL << 20);
  EXPECT_EQ(definition.vcpus, 2U);
  EXPECT_EQ(definition.os.machine, "virtsev-q35-1.0");
  EXPECT_EQ(definition.os.kernel, "/boot/vmlinuz");
  EXPECT_EQ(definition.os.initrd, "/boot/initrd.img");
  EXPECT_EQ(definition.os.command_line, "console=ttyS0 quiet");
  ASSERT_TRUE(definition.launch_security);
  EXPECT_EQ(definition.launch_security->policy.value(), 7U);
  EXPECT_EQ(definition.serials.size(), 1U);
}

TEST(General, GivesAFreshUuidWhereNoneIsGiven) {
  const std::string xml = with("  <uuid>c7a5fdbd-cdaf-9455-926a-d65c16db1809</uuid>\n", "");
  const DomainDefinition first = parse(xml);
  const DomainDefinition second = parse(xml);
  EXPECT_NE(first.uuid, second.uuid);
  EXPECT_EQ(first.uuid[6] >> 4, 4);
  EXPECT_EQ(first.uuid[8] >> 6, 2);
  EXPECT_TRUE(holds(first.document, "<uuid>" + format_uuid(first.uuid) + "</uuid>"));
}

TEST(General, TakesAUuidWithoutHyphensAndInCapitals) {
  const DomainDefinition definition =
      parse(with("c7a5fdbd-cdaf-9455-926a-d65c16db1809", " C7A5FDBDCDAF9455926AD65C16DB1809 "));
  EXPECT_EQ(format_uuid(definition.uuid), "c7a5fdbd-cdaf-9455-926a-d65c16db1809");
}

TEST(General, RefusesWhatIsNoUuid) {
  EXPECT_TRUE(refuses(
      with("c7a5fdbd-", "c7a5fdbdx"), kXmlError,
      "<uuid> (line 3): 'c7a5fdbdxcdaf-9455-926a-d65c16db1809' is not a UUID; write one as 'uuidgen' prints "
      "it, or remove the element for a new one"));
}

TEST(General, RefusesAnotherRoot) {
  EXPECT_TRUE(
      refuses("<network/>", kXmlError, "<network> (line 1): the outermost element has to be <domain>"));
}

TEST(General, RefusesAnotherTypeOfDomain) {
  EXPECT_TRUE(refuses(
      with("'kvm'", "'qemu'"), kConfigUnsupported,
      "<domain> (line 1): virtsev runs guests of type 'kvm' only, not 'qemu'; write <domain type='kvm'>"));
  EXPECT_TRUE(refuses(with(" type='kvm'", ""), kXmlError,
                      "<domain> (line 1): its type is missing; write <domain type='kvm'>"));
}

TEST(General, RefusesAMissingName) {
  EXPECT_TRUE(refuses(with("  <name>guest</name>\n", "\n"), kXmlError,
                      "<domain> (line 1): it has no name; add <name>"));
}

TEST(General, RefusesNamesThatCannotBeFileNames) {
  EXPECT_TRUE(refuses(
      with("<name>guest", "<name>a/b"), kXmlError,
      "<name> (line 2): 'a/b' can't be a domain's name: it becomes part of file names, so it can't hold "
      "'/' nor begin with '.'"));
  EXPECT_TRUE(refuses(
      with("<name>guest", "<name>.."), kXmlError,
      "<name> (line 2): '..' can't be a domain's name: it becomes part of file names, so it can't hold "
      "'/' nor begin with '.'"));
  EXPECT_TRUE(
      refuses(with("<name>guest", "<name> "), kXmlError, "<name> (line 2): a domain's name can't be empty"));
  EXPECT_TRUE(refuses(with("<name>guest", "<name>a\nb"), kXmlError,
                      "<name> (line 2): a domain's name can't hold line breaks or other control characters"));
  EXPECT_TRUE(refuses(with("<name>guest", "<name>" + std::string(201, 'a')), kXmlError,
                      "<name> (line 2): a domain's name can't be longer than 200 bytes; this one has 201"));
}

TEST(General, RefusesWhatIsThereTwice) {
  EXPECT_TRUE(refuses(with("<vcpu>2</vcpu>", "<vcpu>2</vcpu>\n<vcpu>3</vcpu>"), kXmlError,
                      "<vcpu> (line 6): it is there already in line 5; remove this one"));
}

TEST(General, RefusesATitleOfTwoLines) {
  EXPECT_TRUE(refuses(with("  <vcpu>", "  <title>a\nb</title><vcpu>"), kXmlError,
                      "<title> (line 5): a domain's title is one line; use <description> for more"));
}

TEST(General, RefusesTextBetweenElements) {
  EXPECT_TRUE(refuses(
      with("<devices>", "<devices>disk"), kXmlError,
      "<devices> (line 13): it holds the text 'disk', where only elements have a meaning; remove it"));
}

TEST(General, KeepsWhatItDoesNotReadOutsideOfTheCheckedParts) {
  const DomainDefinition definition =
      parse(with("  <vcpu>",
                 "  <title>One</title>\n  <description>two\nlines</description>\n"
                 "  <memoryBacking><locked/></memoryBacking>\n"
                 "  <cputune><shares>100</shares></cputune>\n"
                 "  <frobnicate colour='red &amp; blue'>as <b>it</b> is</frobnicate>\n"
                 "  <metadata><a:x xmlns:a='urn:a' a:y='1'/></metadata>\n  <vcpu>"));
  EXPECT_EQ(definition.title, "One");
  EXPECT_EQ(definition.description, "two\nlines");
  EXPECT_TRUE(holds(definition.document, "  <memoryBacking>\n    <locked/>\n  </memoryBacking>\n"));
  EXPECT_TRUE(holds(definition.document, "  <cputune>\n    <shares>100</shares>\n  </cputune>\n"));
  EXPECT_TRUE(
      holds(definition.document, "  <frobnicate colour='red &amp; blue'>as <b>it</b> is</frobnicate>\n"));
  EXPECT_TRUE(
      holds(definition.document, "  <metadata>\n    <a:x xmlns:a='urn:a' a:y='1'/>\n  </metadata>\n"));
}

TEST(General, ReadsNameAndUuidOfADocumentThatNoLongerPasses) {
  const auto identity = identity_of(with("<vcpu>2</vcpu>", "<vcpu>none</vcpu>"));
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->name, "guest");
  EXPECT_EQ(format_uuid(identity->uuid), "c7a5fdbd-cdaf-9455-926a-d65c16db1809");
  EXPECT_FALSE(identity_of("<domain><name>x</name></domain>"));
  EXPECT_FALSE(identity_of("no XML"));
}

}  // namespace
}  // namespace virtsev::domain_xml::test
