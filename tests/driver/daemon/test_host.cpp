// SPDX-License-Identifier: LGPL-2.1-or-later
// The host as clients see it: topology, capabilities, SEV.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>

#include <gtest/gtest.h>

#include "driver/daemon/host/capabilities.hpp"
#include "driver/daemon/host/cpu_topology.hpp"
#include "driver/daemon/host/host_facts.hpp"
#include "sevcore/base/error.hpp"
#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

TEST(CpuList, ReadsRangesAndDropsNonsense) {
  EXPECT_EQ((std::vector<std::uint32_t>{0, 1, 2, 5}), parse_cpu_list("0-2,5"));
  EXPECT_TRUE(parse_cpu_list("").empty());
  EXPECT_TRUE(parse_cpu_list("x,-3").empty());
  EXPECT_EQ(4096U, parse_cpu_list("0-99999999999").size());
}

TEST(HostTopology, OfAnOddMachineStillCountsItsProcessors) {
  HostTopology topology;
  topology.cells = {{0, 1024, {{0, 0, 0, 0, "0-1"}, {1, 0, 0, 0, "0-1"}, {2, 0, 0, 1, "2"}}}};
  const NodeInfo node = node_info_of(topology);
  EXPECT_EQ(3, node.cpus);
  EXPECT_GE(node.nodes * node.sockets * node.cores * node.threads, node.cpus);
}

TEST(HostTopology, TwoSocketsOnTwoNodes) {
  HostTopology topology;
  topology.cells = {
      {0, 1024, {{0, 0, 0, 0, "0,4"}, {1, 0, 0, 1, "1,5"}, {4, 0, 0, 0, "0,4"}, {5, 0, 0, 1, "1,5"}}},
      {1, 1024, {{2, 1, 0, 0, "2,6"}, {3, 1, 0, 1, "3,7"}, {6, 1, 0, 0, "2,6"}, {7, 1, 0, 1, "3,7"}}}};
  const NodeInfo node = node_info_of(topology);
  EXPECT_EQ(2, node.nodes);
  EXPECT_EQ(1, node.sockets);
  EXPECT_EQ(2, node.cores);
  EXPECT_EQ(2, node.threads);
}

/// However the processors lie: what libvirt's clients multiply is not less than they are.
void expect_counts(const HostTopology& topology, std::int32_t cpus) {
  const NodeInfo node = node_info_of(topology);
  EXPECT_EQ(cpus, node.cpus);
  EXPECT_GE(node.nodes * node.sockets * node.cores * node.threads, node.cpus);
}

TEST(HostTopology, NodesOfMemoryAloneHaveNoProcessors) {
  const std::vector<HostCpu> first = {{0, 0, 0, 0, "0"}, {1, 0, 0, 1, "1"}};
  const std::vector<HostCpu> second = {{2, 1, 0, 0, "2"}, {3, 1, 0, 1, "3"}};
  const HostCell memory{0, 4096, {}};
  expect_counts({{memory, {1, 1024, first}}, 2, 0, 0}, 2);
  expect_counts({{{0, 1024, first}, memory, {2, 1024, second}}, 4, 0, 0}, 4);
  expect_counts({{{0, 1024, first}, {1, 1024, second}, memory}, 4, 0, 0}, 4);
}

TEST(HostTopology, OfAHostThatShowsNothingIsOneProcessor) {
  expect_counts({{{0, 4096, {}}}, 0, 0, 0}, 1);
  expect_counts({}, 1);
}

TEST(HostTopology, IsReadWhereTheFirstNodeHasMemoryAlone) {
  std::string name = (std::filesystem::temp_directory_path() / "virtsevd-sys-XXXXXX").string();
  const std::filesystem::path root = ::mkdtemp(name.data());
  const auto write = [&root](const std::string& file, const std::string& content) {
    std::filesystem::create_directories((root / file).parent_path());
    std::ofstream(root / file) << content << '\n';
  };
  write("sys/devices/system/cpu/present", "0-1");
  write("sys/devices/system/cpu/online", "0-1");
  write("sys/devices/system/node/online", "0-1");
  write("sys/devices/system/node/node0/meminfo", "Node 0 MemTotal: 4096 kB");
  write("sys/devices/system/node/node0/cpulist", "");
  write("sys/devices/system/node/node1/meminfo", "Node 1 MemTotal: 1024 kB");
  write("sys/devices/system/node/node1/cpulist", "0-1");
  const HostTopology topology = read_topology((root / "sys").string(), (root / "proc").string());
  std::filesystem::remove_all(root);
  ASSERT_EQ(2U, topology.cells.size());
  EXPECT_TRUE(topology.cells[0].cpus.empty());
  EXPECT_EQ(4096U, topology.cells[0].memory_kib);
  expect_counts(topology, 2);
}

CapabilitiesInput input() {
  CapabilitiesInput value;
  value.host_uuid = "11111111-2222-3333-4444-555555555555";
  value.emulator = "/usr/libexec/virtsev-vmm";
  value.cpu = {"AMD", 25, 1, 1};
  value.topology.cells = {{0, 4096, {{0, 0, 0, 0, "0"}, {1, 0, 0, 1, "1"}}}};
  value.sev = {true, true, 51, 1, 410, 99};
  return value;
}

/// Clusters came with libvirt 10.1, which wants them.
std::string without_clusters(const std::string& xml) {
  return std::regex_replace(xml, std::regex(" cluster_id='[0-9]+'"), "");
}

// Valid by libvirt's own schema; <launchSecurity> came with libvirt 10.5, and is taken out for an earlier
// schema.
void expect_valid(std::string xml, const std::string& schema) {
  const std::string file = "/usr/share/libvirt/schemas/" + schema;
  if (!std::filesystem::exists(file)) {
    GTEST_SKIP() << "libvirt's schemas are not installed: " << file;
  }
  const std::string rules = read_small(file);
  if (rules.find("cluster_id") == std::string::npos) {
    xml = without_clusters(xml);
  }
  const std::size_t start = xml.find("    <launchSecurity");
  if (rules.find("launchSecurity") == std::string::npos && start != std::string::npos) {
    const std::string end = "</launchSecurity>\n";
    const std::size_t line_end = xml.find("/>\n", start) < xml.find('\n', start)
                                     ? xml.find('\n', start) + 1
                                     : xml.find(end, start) + end.size();
    xml.erase(start, line_end - start);
  }
  std::string name = (std::filesystem::temp_directory_path() / "virtsevd-caps-XXXXXX").string();
  const UniqueFd fd(::mkstemp(name.data()));
  std::ofstream(name) << xml;
  const std::string command = "xmllint --noout --relaxng " + file + " " + name + " >/dev/null 2>&1";
  EXPECT_EQ(0, std::system(command.c_str())) << xml;
  std::filesystem::remove(name);
}

TEST(Capabilities, AreValidBySchema) { expect_valid(capabilities_xml(input()), "capability.rng"); }

TEST(Capabilities, AreValidBySchemaWithANodeOfMemoryAlone) {
  CapabilitiesInput value = input();
  value.topology.cells.insert(value.topology.cells.begin(), HostCell{7, 4096, {}});
  expect_valid(capabilities_xml(value), "capability.rng");
}

TEST(DomainCapabilities, AreValidBySchemaWithAndWithoutSev) {
  CapabilitiesInput value = input();
  expect_valid(domain_capabilities_xml(value, {}), "domaincaps.rng");
  value.sev = {};
  expect_valid(domain_capabilities_xml(value, {}), "domaincaps.rng");
}

TEST(DomainCapabilities, SayWhatSevThereIs) {
  CapabilitiesInput value = input();
  EXPECT_NE(std::string::npos, domain_capabilities_xml(value, {}).find("<maxESGuests>99</maxESGuests>"));
  value.sev.es = false;
  const std::string without_es = domain_capabilities_xml(value, {});
  EXPECT_NE(std::string::npos, without_es.find("<sev supported='yes'>"));
  EXPECT_EQ(std::string::npos, without_es.find("maxESGuests"))
      << "virt-install takes the element for SEV-ES being there";
  value.sev.sev = false;
  EXPECT_NE(std::string::npos, domain_capabilities_xml(value, {}).find("<sev supported='no'/>"));
}

TEST(DomainCapabilities, RefuseWhatThisDriverDoesNotHave) {
  EXPECT_NO_THROW(domain_capabilities_xml(input(), {"/usr/libexec/virtsev-vmm", "x86_64", "q35", "kvm"}));
  EXPECT_NO_THROW(domain_capabilities_xml(input(), {{}, {}, "virtsev-q35-1.0", {}}));
  EXPECT_THROW(domain_capabilities_xml(input(), {{}, {}, {}, "qemu"}), Error);
  EXPECT_THROW(domain_capabilities_xml(input(), {{}, "aarch64", {}, {}}), Error);
  EXPECT_THROW(domain_capabilities_xml(input(), {{}, {}, "pc", {}}), Error);
  EXPECT_THROW(domain_capabilities_xml(input(), {"/usr/bin/qemu", {}, {}, {}}), Error);
}

using Host = HypervisorTest;

TEST_F(Host, SimulatedPlatformShowsItsCertificates) {
  const auto info = wait(driver().sev_info());
  ASSERT_EQ(9U, info.size());
  EXPECT_EQ("pdh", info[0].field);
  EXPECT_EQ("cert-chain", info[1].field);
  EXPECT_EQ("cpu0-id", info[2].field);
  EXPECT_EQ("cbitpos", info[3].field);
  EXPECT_EQ("max-es-guests", info[6].field) << "virtsev's own come behind libvirt's";
  const auto pdh = std::get<std::string>(info[0].value);
  restart();
  EXPECT_EQ(pdh, std::get<std::string>(wait(driver().sev_info())[0].value))
      << "the platform's identity must stay";
}

TEST_F(Host, HardwareThatIsNotThereSaysWhatIsMissing) {
  if (std::filesystem::exists("/dev/sev")) {
    GTEST_SKIP() << "this host may have SEV";
  }
  configuration_.platform = control::Platform::kHardware;
  restart();
  const auto missing = error_of(driver().sev_info());
  ASSERT_TRUE(missing);
  EXPECT_EQ(ErrorCode::kOperationUnsupported, missing->code());
  EXPECT_NE(std::string::npos, std::string(missing->what()).find("; ")) << missing->what();
  const auto error = error_of(driver().start(define().uuid, 0, 1));
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kOperationUnsupported, error->code());
}

TEST_F(Host, FactsAreKeptForAWhileAndForgottenWithTheConfiguration) {
  HostFacts facts(configuration_);
  EXPECT_EQ(&facts.all(), &facts.all());
  const std::string before = facts.all().emulator;
  configuration_.vmm = "/bin/true";
  EXPECT_EQ(before, facts.all().emulator);
  facts.forget();
  EXPECT_EQ("/bin/true", facts.all().emulator);
}

}  // namespace
}  // namespace virtsev::daemon
