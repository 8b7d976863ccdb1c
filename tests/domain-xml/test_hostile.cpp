// SPDX-License-Identifier: LGPL-2.1-or-later
// Documents that are wrong by accident or on purpose: each is refused with an Error, or is a definition that
// stands.
#include <array>
#include <chrono>

#include "documents.hpp"
#include "domain-xml/limits.hpp"
#include "domain-xml/xml/document.hpp"
#include "mutator.hpp"
#include "sample.hpp"

namespace virtsev::domain_xml::test {
namespace {

using enum ErrorCode;

std::string repeated(std::string_view piece, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) {
    all += piece;
  }
  return all;
}

TEST(Hostile, EmptyAndForeignTexts) {
  for (const std::string& xml :
       {std::string(), std::string(" \n"), std::string("hello"), std::string("<"), std::string("<domain"),
        std::string("<!-- -->"), std::string(1, '\0'), std::string("\xff\xfe"),
        std::string("<?xml version='1.0'?>"),
        std::string("<?xml version='1.0' encoding='EBCDIC-NEW'?><domain/>"),
        std::string("<domain>\xc3\x28</domain>"), std::string("<domain/><domain/>"),
        std::string("<domain type='kvm' type='kvm'/>"), std::string("<a:domain/>")}) {
    EXPECT_THROW(parse(xml), Error) << xml;
  }
}

TEST(Hostile, SyntaxErrorsNameTheLine) {
  EXPECT_TRUE(refuses(with("</os>", "</so>"), kXmlError,
                      "the XML can't be read: line 11: Opening and ending tag mismatch: os line 6 and so"));
}

TEST(Hostile, DocumentTypesAreRefusedBeforeTheyAreRead) {
  const std::string reason =
      "the XML can't be read: line 1: a document type (<!DOCTYPE>) is not accepted in domain XML; remove it";
  EXPECT_TRUE(refuses("<!DOCTYPE domain SYSTEM 'http://example.org/x.dtd'>" + sample(), kXmlError, reason));
  EXPECT_TRUE(refuses("<!DOCTYPE d [<!ENTITY a 'b'>]>" + sample(), kXmlError, reason));
  EXPECT_TRUE(refuses("<!DOCTYPE d [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + with("guest", "&a;"),
                      kXmlError, reason));
}

TEST(Hostile, EntitiesThatGrowNeverDo) {
  std::string entities = "<!ENTITY a0 'aaaaaaaaaa'>";
  for (int i = 1; i < 12; ++i) {
    const std::string reference = "&a" + std::to_string(i - 1) + ";";
    entities += "<!ENTITY a" + std::to_string(i) + " '" + repeated(reference, 10) + "'>";
  }
  EXPECT_THROW(parse("<!DOCTYPE d [" + entities + "]>" + with("guest", "&a11;")), Error);
}

TEST(Hostile, UnknownEntitiesAreRefused) {
  EXPECT_TRUE(refuses(with("guest", "&nbsp;"), kXmlError,
                      "the XML can't be read: line 2: Entity 'nbsp' not defined"));
}

TEST(Hostile, DepthIsLimited) {
  const auto nested = [](int depth) {
    return with("<vcpu>",
                "<metadata>" + repeated("<a>", depth) + repeated("</a>", depth) + "</metadata><vcpu>");
  };
  EXPECT_NO_THROW(parse(nested(kMaxDepth - 2)));
  EXPECT_TRUE(refuses(nested(kMaxDepth - 1), kXmlError,
                      "the XML can't be read: line 5: elements are nested more than 64 deep"));
  EXPECT_THROW(parse(nested(100'000)), Error);
}

TEST(Hostile, CountIsLimited) {
  const auto many = [](int count) {
    return with("<vcpu>", "<metadata>" + repeated("<a/>", count) + "</metadata><vcpu>");
  };
  EXPECT_NO_THROW(parse(many(19'000)));
  EXPECT_TRUE(refuses(many(20'000), kXmlError,
                      "the XML can't be read: line 5: there are more than 20000 elements and attributes"));
}

TEST(Hostile, AttributesOfOneTagAreLimitedBeforeTheyCostTime) {
  const auto many = [](int count, const std::string& prefix) {
    std::string xml = "<domain";
    for (int i = 0; i < count; ++i) {
      xml += " " + prefix + std::to_string(i) + "='urn:" + std::to_string(i) + "'";
    }
    return xml + "/>";
  };
  for (const char* prefix : {"a", "xmlns:a"}) {
    try {
      parse(many(9'000, prefix));
      FAIL() << "accepted";
    } catch (const Error& error) {
      EXPECT_TRUE(holds(error.what(), "<domain> (line 1): its type is missing; write <domain type='kvm'>"));
    }
    EXPECT_TRUE(refuses(many(20'000, prefix), kXmlError,
                        "the XML can't be read: it has more than 10000 attributes (equals signs)"));
  }
}

TEST(Hostile, TextIsUtf8WhateverItDeclares) {
  const std::string declared = "<?xml version='1.0' encoding='iso-8859-1'?>";
  EXPECT_EQ(parse(declared + with("guest", "g\xc3\xa4st")).name, "g\xc3\xa4st");
  const std::string reason =
      "the XML can't be read: it is not UTF-8 text; convert it, for example with iconv -t UTF-8";
  EXPECT_TRUE(refuses(declared + with("guest", "g\xe4st"), kXmlError, reason));
}

TEST(Hostile, SizeIsLimited) {
  const auto described = [](std::size_t bytes) {
    return with("<vcpu>", "<description>" + std::string(bytes, 'a') + "</description><vcpu>");
  };
  EXPECT_NO_THROW(parse(described(kMaxDefinitionBytes - 2048)));
  const std::string large = described(kMaxDocumentBytes);
  EXPECT_TRUE(refuses(large, kXmlError,
                      "the XML can't be read: it is " + std::to_string(large.size()) +
                          " bytes long, more than the limit of 1048576"));
}

TEST(Hostile, SizeIsLimitedAsItIsWrittenOut) {
  // A quarter of the bytes that it has in the end: '>' is written as "&gt;".
  const std::string grows =
      with("<vcpu>", "<description>" + std::string(kMaxDefinitionBytes / 3, '>') + "</description><vcpu>");
  ASSERT_LT(grows.size(), kMaxDocumentBytes);
  try {
    parse(grows);
    FAIL() << "kept, and too long to be read again";
  } catch (const Error& error) {
    EXPECT_EQ(kXmlError, error.code());
    EXPECT_TRUE(holds(error.what(), "at most 1044480 are kept")) << error.what();
  }
}

/// Accepted, and the same again when it is read again; or refused with an Error that says something.
bool stands_or_is_refused(const std::string& xml) {
  try {
    const DomainDefinition definition = parse(xml);
    EXPECT_EQ(parse(format(definition)), definition) << xml;
    return true;
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()), "") << xml;
    return false;
  }
}

TEST(Hostile, TenThousandMalformedDocumentsEndInAnErrorOrStand) {
  std::vector<std::string> valid = {
      sample(), with_security("<dhCert>" + certificate() + "</dhCert><session>" + session() + "</session>")};
  for (const Written& written : documents_of_tools()) {
    valid.push_back(written.xml);
  }
  int refused = 0;
  for (unsigned seed = 0; refused < 10'000; ++seed) {
    ASSERT_LT(seed, 100'000U) << "mutation changes too little";
    refused += stands_or_is_refused(Mutator(seed).mutate(valid[seed % valid.size()])) ? 0 : 1;
  }
}

TEST(Hostile, EveryPrefixOfADocumentIsRefused) {
  const std::string xml = documents_of_tools().back().xml;
  for (std::size_t length = 0; length < xml.rfind("</domain>") + 9; ++length) {
    EXPECT_THROW(parse(xml.substr(0, length)), Error) << length;
  }
}

}  // namespace
}  // namespace virtsev::domain_xml::test
