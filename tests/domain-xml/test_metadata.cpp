// SPDX-License-Identifier: LGPL-2.1-or-later
// virsh desc, virsh metadata, virsh domrename.
#include <functional>

#include "sample.hpp"

namespace virtsev::domain_xml::test {
namespace {

constexpr int kDescription = 0;
constexpr int kTitle = 1;
constexpr int kElement = 2;
const std::string kUri = "http://example.org/x";

testing::AssertionResult throws(ErrorCode code, const std::string& text, const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    if (error.code() == code && error.what() == text) {
      return testing::AssertionSuccess();
    }
    return testing::AssertionFailure() << error.what();
  }
  return testing::AssertionFailure() << "nothing was thrown";
}

TEST(Metadata, ChangesAndRemovesTitleAndDescription) {
  DomainDefinition definition = with_metadata(parse(sample()), kTitle, "A <title>", "", "");
  definition = with_metadata(definition, kDescription, "two\nlines", "", "");
  EXPECT_EQ(definition.title, "A <title>");
  EXPECT_EQ(metadata_of(definition, kTitle, ""), "A <title>");
  EXPECT_EQ(metadata_of(definition, kDescription, ""), "two\nlines");
  EXPECT_TRUE(holds(definition.document, "  <title>A &lt;title&gt;</title>\n"));
  definition = with_metadata(definition, kTitle, std::nullopt, "", "");
  definition = with_metadata(definition, kDescription, "", "", "");
  EXPECT_EQ(definition, parse(sample()));
}

TEST(Metadata, RefusesATitleOfTwoLines) {
  EXPECT_THROW(with_metadata(parse(sample()), kTitle, "a\nb", "", ""), Error);
}

TEST(Metadata, GivesAnElementBackAsItWasGiven) {
  const std::string element = "<owner team='a'>\n  <mail>x@example.org</mail>\n</owner>";
  const DomainDefinition definition = with_metadata(parse(sample()), kElement, element, "mine", kUri);
  EXPECT_EQ(metadata_of(definition, kElement, kUri), element);
  EXPECT_TRUE(holds(definition.document,
                    "  <metadata>\n"
                    "    <mine:owner xmlns:mine='http://example.org/x' team='a'>\n"
                    "      <mine:mail>x@example.org</mine:mail>\n"
                    "    </mine:owner>\n"
                    "  </metadata>\n"));
}

TEST(Metadata, ReplacesAndRemovesAnElementOfItsNamespaceAlone) {
  DomainDefinition definition = with_metadata(parse(sample()), kElement, "<a/>", "one", kUri);
  definition = with_metadata(definition, kElement, "<b/>", "two", "urn:two");
  definition = with_metadata(definition, kElement, "<c/>", "one", kUri);
  EXPECT_EQ(metadata_of(definition, kElement, kUri), "<c/>");
  EXPECT_EQ(metadata_of(definition, kElement, "urn:two"), "<b/>");
  definition = with_metadata(definition, kElement, std::nullopt, "", kUri);
  EXPECT_EQ(metadata_of(definition, kElement, "urn:two"), "<b/>");
  definition = with_metadata(definition, kElement, std::nullopt, "", "urn:two");
  EXPECT_EQ(definition, parse(sample()));
}

TEST(Metadata, HandlesAttributesOfTheSameNamespace) {
  const DomainDefinition definition =
      with_metadata(parse(sample()), kElement, "<m:a xmlns:m='" + kUri + "' m:b='1'/>", "other", kUri);
  EXPECT_EQ(metadata_of(definition, kElement, kUri), "<a xmlns:other='http://example.org/x' b='1'/>");
}

TEST(Metadata, SaysWhenThereIsNone) {
  const DomainDefinition definition = parse(sample());
  EXPECT_TRUE(throws(ErrorCode::kNoDomainMetadata, "the domain has no description",
                     [&] { metadata_of(definition, kDescription, ""); }));
  EXPECT_TRUE(throws(ErrorCode::kNoDomainMetadata, "the domain has no title",
                     [&] { metadata_of(definition, kTitle, ""); }));
  EXPECT_TRUE(throws(ErrorCode::kNoDomainMetadata, "the domain has no metadata of the namespace 'urn:x'",
                     [&] { metadata_of(definition, kElement, "urn:x"); }));
}

TEST(Metadata, RefusesWhatCannotBeStored) {
  const DomainDefinition definition = parse(sample());
  EXPECT_TRUE(throws(ErrorCode::kInvalidArgument,
                     "metadata of kind 3 is not known; there are description (0), title (1) "
                     "and element (2)",
                     [&] { with_metadata(definition, 3, "x", "k", kUri); }));
  EXPECT_TRUE(throws(ErrorCode::kInvalidArgument,
                     "metadata: 'a b' can't be the prefix of a namespace; give a --key of letters and digits",
                     [&] { with_metadata(definition, kElement, "<x/>", "a b", kUri); }));
  EXPECT_TRUE(throws(ErrorCode::kInvalidArgument, "metadata: an element needs the --uri of its namespace",
                     [&] { with_metadata(definition, kElement, "<x/>", "a", ""); }));
  EXPECT_TRUE(throws(
      ErrorCode::kInvalidArgument,
      "metadata: the element <x> is in another namespace than --uri 'http://example.org/x'; give its own",
      [&] { with_metadata(definition, kElement, "<x xmlns='urn:other'/>", "a", kUri); }));
  EXPECT_TRUE(throws(ErrorCode::kInvalidArgument,
                     "metadata: the element uses the prefix 'a' for another namespace; give another --key",
                     [&] { with_metadata(definition, kElement, "<x xmlns:a='urn:other'/>", "a", kUri); }));
  EXPECT_THROW(with_metadata(definition, kElement, "<x", "a", kUri), Error);
}

TEST(Rename, ChangesTheNameAlone) {
  const DomainDefinition definition = with_name(parse(sample()), "other & one");
  EXPECT_EQ(definition.name, "other & one");
  EXPECT_EQ(definition, parse(with("<name>guest", "<name>other &amp; one")));
  EXPECT_TRUE(throws(ErrorCode::kInvalidArgument, "new name: a domain's name can't be empty",
                     [&] { with_name(definition, ""); }));
}

TEST(Uuids, AreReadStrictly) {
  EXPECT_TRUE(parse_uuid("c7a5fdbd-cdaf-9455-926a-d65c16db1809"));
  for (const char* wrong :
       {"", "c7a5fdbd", "c7a5fdbdcdaf9455926ad65c16db180", "g7a5fdbd-cdaf-9455-926a-d65c16db1809",
        "c7a5fdbdc-daf-9455-926a-d65c16db1809", "-c7a5fdb-cdaf-9455-926a-d65c16db1809"}) {
    EXPECT_FALSE(parse_uuid(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace virtsev::domain_xml::test
