// SPDX-License-Identifier: LGPL-2.1-or-later
// The drawing is XML whatever a plan's names are, and shows every part of the plan.
#include "driver/cli/explain/drawing.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libxml/parser.h>

#include "domain-xml/xml/document.hpp"
#include "domain-xml/xml/node.hpp"

namespace virtsev::cli::test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

struct Shapes {
  std::vector<std::string> texts;    ///< Of <text> elements, in order
  std::vector<std::string> tips;     ///< Of the titles of groups
  std::vector<std::string> classes;  ///< Of shapes
};

std::string attribute(const xmlNode* node, const char* name) {
  return domain_xml::attribute(node, name).value_or("");
}

void collect(const xmlNode* parent, Shapes& shapes) {
  for (const xmlNode* node : domain_xml::child_elements(parent)) {
    const std::string name = reinterpret_cast<const char*>(node->name);
    shapes.classes.push_back(attribute(node, "class"));
    if (name == "text") {
      shapes.texts.push_back(domain_xml::content(node));
    } else if (name == "title") {
      shapes.tips.push_back(domain_xml::content(node));
    }
    collect(node, shapes);
  }
}

/// Throws where it is no XML.
Shapes shapes_of(const std::string& drawing) {
  const domain_xml::Document document = domain_xml::read_document(drawing);
  Shapes shapes;
  collect(xmlDocGetRootElement(document.get()), shapes);
  return shapes;
}

class Drawing : public testing::Test {
 protected:
  Drawing() {
    plan_.inputs = {"virtsev-q35-1.0", 0x10000000, 3, 7, "console=ttyS0", "init2"};
    plan_.steps = {{"boot parameters", "virtsev-q35-1.0", 0x7000, 0x1000, "normal", {0xab, 0xcd}, {}},
                   {"kernel", "/boot/vmlinuz", 0x1000000, 0x700000, "normal", {0x12, 0x34}, {}},
                   {"scratch", "/somewhere", 0x2000000, 0x1000, "unmeasured", {}, {}},
                   {"VMSA of vCPU 0", "virtsev-q35-1.0", std::nullopt, 4096, "vmsa", {1}, {}},
                   {"VMSA of vCPU 1", "virtsev-q35-1.0", std::nullopt, 4096, "vmsa", {2}, {}},
                   {"VMSA of vCPU 2", "virtsev-q35-1.0", std::nullopt, 4096, "vmsa", {2}, {}}};
    plan_.secret = {GuestAddress(0x100000), 0xc00};
    plan_.launch_digest = {0xfe, 0xdc};
    plan_.launch_digest.resize(32);
  }

  PlanExplanation plan_;
};

TEST_F(Drawing, ShowsNameRangeSizeAndDigestOfEachRegion) {
  const Shapes shapes = shapes_of(draw(plan_, nullptr, ""));
  for (const char* shown :
       {"boot parameters", "0x7000 – 0x7fff", "4 KiB, measured", "kernel", "0x1000000 – 0x16fffff",
        "7 MiB, measured", "scratch", "4 KiB, not measured", "launch secret", "0x100000 – 0x100bff"}) {
    EXPECT_THAT(shapes.texts, Contains(shown));
  }
  EXPECT_THAT(shapes.texts, Contains("abcd000000000000…"));
  EXPECT_THAT(shapes.tips, Contains(HasSubstr("from /boot/vmlinuz; SHA-256 1234")));
  EXPECT_THAT(shapes.texts, Contains("fedc" + std::string(60, '0')));
}

TEST_F(Drawing, CompressesAndLabelsGapsUpToTheEndOfMemory) {
  const Shapes shapes = shapes_of(draw(plan_, nullptr, ""));
  EXPECT_THAT(shapes.texts, Contains("nothing is loaded here, 28 KiB"));
  EXPECT_THAT(shapes.texts, Contains("nothing is loaded here, 224 MiB"));
  EXPECT_THAT(shapes.texts, Contains("0x10000000"));
}

TEST_F(Drawing, SharesACardAmongVcpusThatAreAlike) {
  const Shapes shapes = shapes_of(draw(plan_, nullptr, ""));
  EXPECT_THAT(shapes.texts, Contains("VMSA of vCPU 0"));
  EXPECT_THAT(shapes.texts, Contains("VMSAs of vCPUs 1 to 2, all alike"));
}

TEST_F(Drawing, MarksNothingWithoutAnotherPlan) {
  const Shapes shapes = shapes_of(draw(plan_, nullptr, ""));
  EXPECT_THAT(shapes.classes, Not(Contains("mark")));
  EXPECT_THAT(shapes.classes, Not(Contains("alarm-box")));
}

TEST_F(Drawing, MarksTheFirstDifferenceInARegionAndAmongVcpus) {
  for (const std::size_t index : {std::size_t{1}, std::size_t{5}}) {
    const Difference difference{DifferenceKind::kBytes, index, &plan_.steps[index], &plan_.steps[index]};
    const Shapes shapes = shapes_of(draw(plan_, &difference, "its bytes differ"));
    EXPECT_EQ(std::count(shapes.classes.begin(), shapes.classes.end(), "mark"), 1);
    EXPECT_THAT(shapes.texts, Contains("first difference"));
    EXPECT_THAT(shapes.texts, Contains("its bytes differ"));
  }
}

TEST_F(Drawing, ShowsWhatOnlyTheOtherPlanHas) {
  const ExplainedStep region = {"AP stub", "there", 0x9e000, 0x1000, "normal", {}, {}};
  const ExplainedStep vmsa = {"VMSA of vCPU 3", "there", std::nullopt, 4096, "vmsa", {}, {}};
  for (const ExplainedStep* step : {&region, &vmsa}) {
    const Difference difference{DifferenceKind::kOnlyThere, 1, nullptr, step};
    const Shapes shapes = shapes_of(draw(plan_, &difference, ""));
    EXPECT_THAT(shapes.texts, Contains(step->name));
    EXPECT_THAT(shapes.classes, Contains("missing"));
  }
}

TEST_F(Drawing, WritesHostileNamesAsText) {
  const std::string name = "</text><script>alert(\"&\")</script>";
  plan_.steps[0].name = name;
  plan_.steps[0].origin = "]]>\x01\xff<!--";
  plan_.inputs.machine = "'\"><g>";
  const Shapes shapes = shapes_of(draw(plan_, nullptr, ""));
  EXPECT_THAT(shapes.texts, Contains(HasSubstr("</text><script>alert")));
  EXPECT_THAT(shapes.tips, Contains(HasSubstr("]]>��<!--")));
}

TEST_F(Drawing, CutsNamesThatWouldLeaveTheirBox) {
  plan_.steps[0].name = std::string(5000, 'x');
  for (const std::string& text : shapes_of(draw(plan_, nullptr, "")).texts) {
    EXPECT_LT(text.size(), 200U);
  }
}

}  // namespace
}  // namespace virtsev::cli::test
