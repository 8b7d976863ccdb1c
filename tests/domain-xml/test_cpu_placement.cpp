// SPDX-License-Identifier: LGPL-2.1-or-later
// Sets of the host's CPUs, and who may run on them: <vcpu cpuset>, <vcpupin>, <emulatorpin>.
#include "sample.hpp"

namespace virtsev::domain_xml::test {
namespace {

using enum ErrorCode;
using Names = std::vector<std::string>;

DomainDefinition placed(const std::string& cputune, const std::string& vcpu = "<vcpu>2</vcpu>") {
  return parse(with("<vcpu>2</vcpu>", vcpu + "<cputune>" + cputune + "</cputune>"));
}

TEST(CpuSets, AreReadAsLibvirtWritesThem) {
  EXPECT_EQ(parse_cpu_set("3"), (CpuSet{3}));
  EXPECT_EQ(parse_cpu_set("0-2,8"), (CpuSet{0, 1, 2, 8}));
  EXPECT_EQ(parse_cpu_set(" 8 , 0-3,^2 , 1"), (CpuSet{0, 1, 3, 8}));
  EXPECT_EQ(parse_cpu_set("8191"), (CpuSet{8191}));
  EXPECT_EQ(format_cpu_set({0, 1, 2, 5, 7, 8}), "0-2,5,7-8");
  EXPECT_EQ(format_cpu_set({}), "");
}

TEST(CpuSets, ThatNameNoCpuAreNone) {
  for (const std::string written : {"", " ", ",", "1,", ",1", "a", "-1", "3-1", "1-", "^1", "1,^1", "0-8192",
                                    "8192", "1 2", "0x1", "^^1", "1-2-3"}) {
    EXPECT_EQ(parse_cpu_set(written), std::nullopt) << "'" << written << "'";
  }
}

TEST(CpuSets, AreMasksOfWholeWords) {
  EXPECT_EQ(mask_of({}), Bytes{});
  EXPECT_EQ(mask_of({0, 9}), (Bytes{1, 2, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(mask_of({64}).size(), 16U);
  EXPECT_EQ(cpus_in(Bytes{1, 2, 0x80}), (CpuSet{0, 9, 23}));
  EXPECT_EQ(cpus_in(Bytes(2048, 0xff)).size(), kMostHostCpus);
}

TEST(CpuPlacement, IsAppliedAndWrittenAgain) {
  const DomainDefinition definition =
      placed("<vcpupin vcpu='1' cpuset='2,1,3'/><emulatorpin cpuset='0-1'/>", "<vcpu cpuset='4'>2</vcpu>");
  EXPECT_EQ(definition.not_used, Names{});
  EXPECT_EQ(cpus_of_vcpu(definition.cpu_placement, 0), (CpuSet{4}));
  EXPECT_EQ(cpus_of_vcpu(definition.cpu_placement, 1), (CpuSet{1, 2, 3}));
  EXPECT_EQ(cpus_of_emulator(definition.cpu_placement), (CpuSet{0, 1}));
  EXPECT_TRUE(holds(definition.document, "<vcpupin vcpu='1' cpuset='1-3'/>"));
  EXPECT_TRUE(holds(definition.document, "<vcpu cpuset='4' placement='static'>2</vcpu>"));
  EXPECT_EQ(parse(definition.document), definition);
}

TEST(CpuPlacement, OfAVcpuThatIsNotThereIsKeptAndNamed) {
  const DomainDefinition definition = placed("<vcpupin vcpu='2' cpuset='0'/>");
  EXPECT_EQ(definition.not_used, Names{"<cputune><vcpupin vcpu='2'>"});
  EXPECT_EQ(definition.cpu_placement, CpuPlacement{});
  EXPECT_TRUE(holds(definition.document, "<vcpupin vcpu='2' cpuset='0'/>"));
}

TEST(CpuPlacement, RefusesTwoPlacesForOneVcpu) {
  EXPECT_TRUE(refuses(
      with("<vcpu>2</vcpu>",
           "<vcpu>2</vcpu><cputune><vcpupin vcpu='1' cpuset='0'/>\n<vcpupin vcpu='1' cpuset='1'/></cputune>"),
      kXmlError,
      "<cputune><vcpupin> (line 6): another <vcpupin> says where vCPU 1 may run; remove one of them"));
}

TEST(CpuPlacement, RefusesWhatIsNoSetOfCpus) {
  EXPECT_TRUE(
      refuses(with("<vcpu>2</vcpu>", "<vcpu cpuset='all'>2</vcpu>"), kXmlError,
              "<vcpu> (line 5): cpuset='all' names no CPUs of a host; write numbers below 8192, as in "
              "'0-3,^2,8', or remove it"));
  EXPECT_TRUE(refuses(with("<vcpu>2</vcpu>", "<vcpu>2</vcpu><cputune><emulatorpin cpuset='1,^1'/></cputune>"),
                      kXmlError,
                      "<cputune><emulatorpin> (line 5): cpuset='1,^1' names no CPUs of a host; write numbers "
                      "below 8192, as in '0-3,^2,8', or remove it"));
  EXPECT_TRUE(refuses(
      with("<vcpu>2</vcpu>", "<vcpu>2</vcpu><cputune><vcpupin vcpu='x' cpuset='1'/></cputune>"), kXmlError,
      "<cputune><vcpupin> (line 5): vcpu='x' is not the number of a vCPU; write 0 to 1, or "
      "remove the element"));
}

TEST(CpuPlacement, ChangesByTheCallsForIt) {
  const DomainDefinition before = placed("<shares>100</shares>");
  const DomainDefinition pinned = with_vcpu_pin(with_vcpu_pin(before, 1, {0, 2}), 0, {1});
  EXPECT_EQ(cpus_of_vcpu(pinned.cpu_placement, 0), (CpuSet{1}));
  EXPECT_EQ(cpus_of_vcpu(pinned.cpu_placement, 1), (CpuSet{0, 2}));
  EXPECT_TRUE(holds(pinned.document, "<vcpupin vcpu='1' cpuset='0,2'/>"));
  EXPECT_EQ(with_vcpu_pin(with_vcpu_pin(pinned, 0, {}), 1, {}), before);
  EXPECT_EQ(with_emulator_pin(with_emulator_pin(before, {3}), {}), before);
  EXPECT_EQ(cpus_of_emulator(with_emulator_pin(with_emulator_pin(before, {3}), {4}).cpu_placement),
            (CpuSet{4}));
}

}  // namespace
}  // namespace virtsev::domain_xml::test
