// SPDX-License-Identifier: LGPL-2.1-or-later
// What users and tools write outside of the checked parts: taken, and given back to the last attribute.
#include "sample.hpp"

namespace virtsev::domain_xml::test {
namespace {

class Kept : public testing::TestWithParam<const char*> {};

TEST_P(Kept, IsInTheDocumentAsItWasWritten) {
  const DomainDefinition definition = parse(with("  <os>\n", std::string(GetParam()) + "<os>\n"));
  EXPECT_TRUE(holds(definition.document, std::string("  ") + GetParam() + "\n"));
  EXPECT_EQ(definition, parse(definition.document));
}

INSTANTIATE_TEST_SUITE_P(
    Elements, Kept,
    testing::Values("<iothreads>2</iothreads>", "<genid>c7a5fdbd-cdaf-9455-926a-d65c16db1809</genid>",
                    "<maxMemory slots='16' unit='KiB'>1524288</maxMemory>",
                    "<on_lockfailure>poweroff</on_lockfailure>",
                    "<cpu mode='host-passthrough' check='none' migratable='on'/>",
                    "<clock offset='variable' adjustment='3600'/>", "<seclabel type='none'/>",
                    "<bootloader>/usr/bin/loader</bootloader>", "<later x='y'>text</later>"));

class KeptTree : public testing::TestWithParam<const char*> {};

// One element in another, each on a line of its own.
TEST_P(KeptTree, IsInTheDocumentAsItWasWritten) {
  const std::string written = GetParam();
  const DomainDefinition definition = parse(with("  <os>\n", written + "<os>\n"));
  std::size_t at = 0;
  for (std::size_t begin = written.find('<'); begin != std::string::npos;
       begin = written.find('<', begin + 1)) {
    const std::string tag = written.substr(begin, written.find('>', begin) + 1 - begin);
    at = definition.document.find(tag, at);
    ASSERT_NE(std::string::npos, at) << tag << " is not in\n" << definition.document;
  }
  EXPECT_EQ(definition, parse(definition.document));
}

INSTANTIATE_TEST_SUITE_P(
    Elements, KeptTree,
    testing::Values("<cputune><vcpupin vcpu='0' cpuset='0'/><shares>100</shares></cputune>",
                    "<numatune><memory mode='strict' nodeset='0'/></numatune>",
                    "<blkiotune><weight>800</weight></blkiotune>",
                    "<memtune><hard_limit unit='G'>1</hard_limit></memtune>",
                    "<resource><partition>/machine</partition></resource>",
                    "<sysinfo type='smbios'><bios><entry name='vendor'>x</entry></bios></sysinfo>",
                    "<idmap><uid start='0' target='1000' count='10'/></idmap>",
                    "<pm><suspend-to-mem enabled='no'/></pm>",
                    "<perf><event name='cmt' enabled='yes'/></perf>",
                    "<keywrap><cipher name='aes' state='off'/></keywrap>",
                    "<memoryBacking><hugepages/><locked/><source type='memfd'/></memoryBacking>",
                    "<iothreadids><iothread id='1'/></iothreadids>",
                    "<clock offset='localtime'><timer name='rtc' tickpolicy='catchup'/></clock>",
                    "<x:commandline xmlns:x='urn:x'><x:arg value='-y'/></x:commandline>"));

}  // namespace
}  // namespace virtsev::domain_xml::test
