// SPDX-License-Identifier: LGPL-2.1-or-later
// libvirt's own schema, on what users write and on what virtsev writes. Needs libvirt's client library for
// the schema.
#include <fstream>
#include <sstream>

#include <libxml/tree.h>
#include <unistd.h>

#include "documents.hpp"
#include "domain-xml/xml/document.hpp"
#include "domain-xml/xml/schema.hpp"
#include "sample.hpp"

namespace virtsev::domain_xml::test {
namespace {

class Schema : public testing::Test {
 protected:
  void SetUp() override {
    if (access(kDomainSchema, R_OK) != 0) {
      GTEST_SKIP() << "libvirt's schema is not installed (Debian: libvirt0)";
    }
    options_.validate_schema = true;
  }
  ParseOptions options_;
};

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::stringstream all;
  all << file.rdbuf();
  return all.str();
}

TEST_F(Schema, AcceptsWhatVirtsevWrites) {
  const LiveState live{7, "/dev/pts/3", 51, 5};
  for (const Written& written : documents_of_tools()) {
    SCOPED_TRACE(written.by);
    const DomainDefinition definition = parse(written.xml, options_);
    EXPECT_NO_THROW(parse(format(definition), options_));
    EXPECT_NO_THROW(check_schema(read_document(format(definition, &live)).get()));
  }
}

TEST_F(Schema, AcceptsTheExamples) {
  for (const char* name : {"sev-es.xml", "sev-es-0x5.xml", "sev.xml"}) {
    SCOPED_TRACE(name);
    const std::string xml = read_file(std::string(VIRTSEV_SOURCE_DIR "/examples/") + name);
    const DomainDefinition definition = parse(xml, options_);
    EXPECT_EQ(definition.launch_security->policy.has(sevcore::PolicyBit::kEs),
              std::string(name) != "sev.xml");
    EXPECT_NO_THROW(parse(format(definition), options_));
  }
}

TEST_F(Schema, AcceptsASessionAndMetadata) {
  DomainDefinition definition =
      parse(with_security("<dhCert>" + certificate() + "</dhCert><session>" + session() + "</session>"));
  definition = with_metadata(definition, 2, "<a/>", "k", "urn:k");
  definition = with_metadata(definition, 1, "A title", "", "");
  EXPECT_NO_THROW(parse(definition.document, options_));
}

TEST_F(Schema, RefusesWhatItDoesNotAllowAndNamesTheLine) {
  EXPECT_NO_THROW(parse(with("  <vcpu>", "  <frobnicate/>\n  <vcpu>")));
  try {
    parse(with("  <vcpu>", "  <frobnicate/>\n  <vcpu>"), options_);
    FAIL() << "was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kXmlInvalidSchema);
    EXPECT_TRUE(holds(error.what(), kDomainSchema));
    EXPECT_TRUE(holds(error.what(), "line "));
  }
}

TEST(SchemaFile, IsAskedForByNameWhereItIsMissing) {
  const Document document = read_document(sample());
  try {
    check_schema(document.get(), "/nonexistent/domain.rng");
    FAIL() << "passed";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kConfigUnsupported);
    EXPECT_TRUE(
        holds(error.what(), "/nonexistent/domain.rng is not on this host; install libvirt's client library"));
  }
}

}  // namespace
}  // namespace virtsev::domain_xml::test
