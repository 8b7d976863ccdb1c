// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sample.hpp"

namespace virtsev::domain_xml::test {
namespace {

using enum ErrorCode;

constexpr std::string_view kMemory = "<memory unit='MiB'>512</memory>";
constexpr std::string_view kVcpu = "<vcpu>2</vcpu>";

TEST(Memory, KnowsLibvirtsUnits) {
  const auto bytes = [](std::string_view memory) { return parse(with(kMemory, memory)).memory_bytes; };
  EXPECT_EQ(bytes("<memory>131072</memory>"), 128ULL << 20);
  EXPECT_EQ(bytes("<memory unit='k'>131072</memory>"), 128ULL << 20);
  EXPECT_EQ(bytes("<memory unit='b'>134217728</memory>"), 128ULL << 20);
  EXPECT_EQ(bytes("<memory unit='bytes'>134217728</memory>"), 128ULL << 20);
  EXPECT_EQ(bytes("<memory unit='KB'>131073</memory>"), 131073000ULL / 1024 * 1024 + 1024);
  EXPECT_EQ(bytes("<memory unit='M'>128</memory>"), 128ULL << 20);
  EXPECT_EQ(bytes("<memory unit='gib'>2</memory>"), 2ULL << 30);
  EXPECT_EQ(bytes("<memory unit='GB'>1</memory>"), (1000000000ULL + 1023) / 1024 * 1024);
  EXPECT_EQ(bytes("<memory unit='TiB'>1</memory>"), 1ULL << 40);
}

TEST(Memory, IsWrittenInKib) {
  const DomainDefinition definition =
      parse(with(kMemory, "<memory unit='GiB'>1</memory><currentMemory>524288</currentMemory>"));
  EXPECT_TRUE(holds(definition.document, "<memory unit='KiB'>1048576</memory>\n"));
  EXPECT_TRUE(holds(definition.document, "<currentMemory unit='KiB'>524288</currentMemory>\n"));
  EXPECT_EQ(definition.current_memory_bytes, 512ULL << 20);
}

TEST(Memory, RefusesTooLittleAndTooMuch) {
  EXPECT_TRUE(refuses(with(kMemory, "<memory unit='MiB'>63</memory>"), kConfigUnsupported,
                      "<memory> (line 4): 64512 KiB are too little for a guest; write <memory "
                      "unit='KiB'>65536</memory>, or more"));
  EXPECT_TRUE(refuses(with(kMemory, "<memory unit='TiB'>2</memory>"), kConfigUnsupported,
                      "<memory> (line 4): a guest can have at most 1024 GiB of memory; write less"));
  EXPECT_TRUE(refuses(with(kMemory, "<memory unit='TiB'>18446744073709551615</memory>"), kConfigUnsupported,
                      "<memory> (line 4): a guest can have at most 1024 GiB of memory; write less"));
}

TEST(Memory, RefusesWhatIsNoNumber) {
  EXPECT_TRUE(refuses(with(kMemory, "<memory>-5</memory>"), kXmlError,
                      "<memory> (line 4): '-5' is not an amount of memory; write <memory "
                      "unit='KiB'>65536</memory>, or more"));
  EXPECT_TRUE(refuses(with(kMemory, "<memory unit='heaps'>5</memory>"), kXmlError,
                      "<memory> (line 4): 'heaps' is not a unit of memory; write <memory "
                      "unit='KiB'>65536</memory>, or more"));
  EXPECT_TRUE(refuses(with(kMemory, ""), kXmlError,
                      "<domain> (line 1): it does not say how much memory the guest has; write <memory "
                      "unit='KiB'>65536</memory>, or more"));
}

TEST(Memory, RefusesMoreNowThanEver) {
  EXPECT_TRUE(refuses(
      with(kMemory, "<memory>131072</memory>\n<currentMemory>131073</currentMemory>"), kXmlError,
      "<currentMemory> (line 5): 131073 KiB are more than <memory> allows (131072 KiB); lower this, or "
      "remove the element"));
}

TEST(Vcpus, AreOneByDefault) {
  EXPECT_EQ(parse(with(kVcpu, "")).vcpus, 1U);
  EXPECT_TRUE(holds(parse(with(kVcpu, "")).document, "<vcpu placement='static'>1</vcpu>"));
}

TEST(Vcpus, RefusesNumbersOutOfRange) {
  EXPECT_EQ(parse(with(kVcpu, "<vcpu>64</vcpu>")).vcpus, 64U);
  EXPECT_TRUE(refuses(with(kVcpu, "<vcpu>65</vcpu>"), kConfigUnsupported,
                      "<vcpu> (line 5): 65 vCPUs are more than a guest can have; write 1 to 64"));
  EXPECT_TRUE(refuses(with(kVcpu, "<vcpu>0</vcpu>"), kXmlError,
                      "<vcpu> (line 5): '0' is not a number of vCPUs; write 1 to 64"));
  EXPECT_TRUE(refuses(with(kVcpu, "<vcpu>two</vcpu>"), kXmlError,
                      "<vcpu> (line 5): 'two' is not a number of vCPUs; write 1 to 64"));
}

TEST(Vcpus, RefusesVcpusThatComeLater) {
  EXPECT_EQ(parse(with(kVcpu, "<vcpu current='2'>2</vcpu>")).vcpus, 2U);
  EXPECT_TRUE(
      refuses(with(kVcpu, "<vcpu current='1'>2</vcpu>"), kConfigUnsupported,
              "<vcpu> (line 5): current='1' asks for vCPUs to be added later, which virtsev can't do; remove "
              "the attribute, and the guest has all of them from the start"));
  EXPECT_TRUE(refuses(
      with(kVcpu, "<vcpu>2</vcpu>\n<vcpus>\n<vcpu id='1' enabled='no'/></vcpus>"), kConfigUnsupported,
      "<vcpus><vcpu> (line 7): a vCPU can't be added later; write enabled='yes', or remove the element"));
}

TEST(Vcpus, RefusesATopologyThatDoesNotMultiply) {
  const std::string cpu =
      "<vcpu>4</vcpu>\n<cpu mode='host-passthrough'>\n<topology sockets='1' dies='1' cores='2' "
      "threads='2'/></cpu>";
  EXPECT_TRUE(holds(parse(with(kVcpu, cpu)).document,
                    "  <cpu mode='host-passthrough'>\n    <topology sockets='1' dies='1' cores='2' "
                    "threads='2'/>\n  </cpu>\n"));
  EXPECT_TRUE(refuses(
      changed(with(kVcpu, cpu), "cores='2'", "cores='3'"), kConfigUnsupported,
      "<cpu><topology> (line 7): its sockets, dies, cores and threads make 6 vCPUs, but <vcpu> says 4; "
      "remove the element, or change one of them"));
  EXPECT_TRUE(
      refuses(changed(with(kVcpu, cpu), "cores='2'", "cores='0'"), kXmlError,
              "<cpu><topology> (line 7): cores='0' has to be a number from 1 to 64; remove the element"));
}

}  // namespace
}  // namespace virtsev::domain_xml::test
