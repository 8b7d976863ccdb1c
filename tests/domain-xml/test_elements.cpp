// SPDX-License-Identifier: LGPL-2.1-or-later
// The table of elements: complete by libvirt's schema, true of what parse() does, and what users are told of
// it.
#include <cstdlib>

#include <unistd.h>

#include "documents.hpp"
#include "domain-xml/elements/elements.hpp"
#include "domain-xml/xml/schema.hpp"
#include "sample.hpp"
#include "schema_walk.hpp"

namespace virtsev::domain_xml::test {
namespace {

using enum ErrorCode;
using Names = std::vector<std::string>;

/// Another version's schema can be named: VIRTSEV_SCHEMAS=DIRECTORY.
std::string schemas() {
  const char* named = std::getenv("VIRTSEV_SCHEMAS");
  const std::string file = kDomainSchema;
  return named != nullptr ? named : file.substr(0, file.rfind('/'));
}

class ElementTable : public testing::Test {
 protected:
  void SetUp() override {
    if (access((schemas() + "/domain.rng").c_str(), R_OK) != 0) {
      GTEST_SKIP() << "libvirt's schema is not installed (Debian: libvirt0)";
    }
    elements_ = walk_schema(schemas());
  }
  SchemaElements elements_;
};

/// The values that a row lists for an attribute, without their signs; nothing where any is good.
std::set<std::string> values_in(const Row& row, const std::string& name) {
  std::set<std::string> values;
  std::istringstream words{std::string(row.attributes)};
  for (std::string word; words >> word;) {
    const std::size_t at = word.find_first_not_of("-+");
    if (word.substr(at, word.find('=') - at) != name || word.find('=') == std::string::npos) {
      continue;
    }
    std::istringstream list(word.substr(word.find('=') + 1));
    for (std::string value; std::getline(list, value, '|');) {
      values.insert(value.substr(value.find_first_not_of("-!")));
    }
  }
  return values;
}

TEST_F(ElementTable, HasARowForEveryElementOfTheSchema) {
  ASSERT_GT(elements_.size(), 700U);
  for (const auto& [path, attributes] : elements_) {
    EXPECT_NE(find_row(path), nullptr) << path;
  }
}

TEST_F(ElementTable, ListsNoValueThatIsNotInTheSchemaAndMissesNone) {
  int compared = 0;
  for (const auto& [path, attributes] : elements_) {
    const Row* row = find_row(path);
    for (const auto& [name, in_schema] : attributes) {
      const std::set<std::string> in_table =
          row != nullptr && row->path == path ? values_in(*row, name) : std::set<std::string>{};
      if (in_table.empty()) {
        continue;
      }
      ++compared;
      EXPECT_FALSE(in_schema.free) << path << " " << name << ": takes any text";
      for (const std::string& value : in_schema.values) {
        EXPECT_TRUE(in_table.contains(value)) << path << " " << name << "=" << value;
      }
    }
  }
  EXPECT_GT(compared, 50);
}

/// What stands around an element of this path in a document.
std::string wrapped(const std::string& path) {
  std::string open;
  std::string close;
  std::istringstream names(path);
  for (std::string name; std::getline(names, name, '/');) {
    open += "<" + name + ">";
    close = "</" + name + ">" + close;
  }
  return open + close;
}

TEST_F(ElementTable, NamesWhatIsNamedAndRefusesWhatIsRefused) {
  int named = 0;
  int refused = 0;
  for (const auto& [path, attributes] : elements_) {
    const Row* row = find_row(path);
    const std::string top = path.substr(0, path.find('/'));
    if (row == nullptr || path.find('/') == std::string::npos || path.find('/') != path.rfind('/') ||
        row->asks != nullptr) {
      continue;  // Those with conditions have tests of their own
    }
    const std::string inner = "<" + path.substr(path.find('/') + 1) + "/>";
    const std::string xml = top == "devices"          ? with_device(inner)
                            : top == "features"       ? with_feature(inner)
                            : top == "launchSecurity" ? with_security(inner)
                            : top == "os"             ? with("<initrd>", inner + "<initrd>")
                                                      : with("  <os>\n", wrapped(path) + "<os>\n");
    if (row->fate == Fate::kRefused) {
      EXPECT_THROW(parse(xml), Error) << path;
      ++refused;
    } else if (row->fate == Fate::kNamed && top != "devices") {
      const Names list = parse(xml).not_used;
      const std::string shown = "<" + top + ">" + "<" + path.substr(path.find('/') + 1) + ">";
      const bool whole = std::find(list.begin(), list.end(), "<" + top + ">") != list.end();
      EXPECT_TRUE(whole || std::find(list.begin(), list.end(), shown) != list.end()) << path;
      ++named;
    }
  }
  EXPECT_GT(named, 40);
  EXPECT_GT(refused, 40);
}

TEST(NotUsed, NamesWhatUsersThinkIsDone) {
  const std::string written =
      "<memtune><hard_limit unit='G'>1</hard_limit></memtune>\n"
      "<memoryBacking><hugepages/><locked/></memoryBacking>\n"
      "<iothreads>2</iothreads>\n"
      "<cputune><vcpupin vcpu='0' cpuset='1'/><vcpupin vcpu='1' cpuset='1'/><quota>1000</quota></cputune>\n"
      "<numatune><memory mode='strict' nodeset='0'/></numatune>\n"
      "<sysinfo type='smbios'><bios><entry name='vendor'>x</entry></bios></sysinfo>\n"
      "<cpu mode='custom' match='exact'><model fallback='allow'>EPYC-Milan</model></cpu>\n"
      "<clock offset='localtime'><timer name='rtc' tickpolicy='catchup'/></clock>\n"
      "<q:commandline xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'><q:arg "
      "value='-y'/></q:commandline>"
      "<frobnicate/>";
  std::string xml = with("<vcpu>2</vcpu>", "<vcpu cpuset='1' placement='static'>2</vcpu>" + written);
  xml = changed(xml, "  <vcpu", "<currentMemory unit='MiB'>256</currentMemory><vcpu");
  EXPECT_EQ(parse(xml).not_used,
            (Names{"<currentMemory>", "<memtune><hard_limit>", "<memoryBacking><hugepages>",
                   "<memoryBacking><locked>", "<iothreads>", "<cputune><quota>", "<numatune><memory>",
                   "<sysinfo>", "<cpu mode='custom'>", "<cpu><model>", "<clock offset='localtime'>",
                   "<clock><timer name='rtc'>", "<q:commandline>", "<frobnicate>"}));
}

TEST(NotUsed, NamesDevicesThatAreKeptAndNotGiven) {
  EXPECT_EQ(parse(with_device("<emulator>/usr/bin/qemu-system-x86_64</emulator>"
                              "<controller type='pci' model='pcie-root'/><controller type='pci'/>"
                              "<controller type='usb' model='none'/><input type='tablet' bus='usb'/>"
                              "<memballoon model='virtio'/>"))
                .not_used,
            (Names{"<devices><emulator>", "<devices><controller type='pci'>",
                   "<devices><input type='tablet'>", "<devices><memballoon>"}));
}

TEST(NotUsed, IsSilentAboutWhatTheGuestHasInAnyCase) {
  const std::string written =
      "<memory unit='MiB' dumpCore='off'>512</memory><currentMemory unit='MiB'>512</currentMemory>"
      "<iothreads>0</iothreads><cpu mode='host-passthrough' check='none' migratable='on'>"
      "<topology sockets='1' cores='2' threads='1'/></cpu>"
      "<clock offset='utc'><timer name='hpet' present='no'/><timer name='kvmclock' present='yes'/></clock>"
      "<pm><suspend-to-mem enabled='no'/></pm><seclabel type='none'/>"
      "<metadata><a:x xmlns:a='urn:a'/></metadata>";
  EXPECT_EQ(parse(changed(with("<memory unit='MiB'>512</memory>", written), "<serial type='pty'/>",
                          "<emulator>/usr/libexec/virtsev-vmm</emulator><memballoon model='none'/>"))
                .not_used,
            Names{});
  EXPECT_EQ(parse(sample()).not_used, Names{});
}

TEST(NotUsed, NamesAttributesThatNobodyReads) {
  EXPECT_EQ(parse(with("<vcpu>", "<vcpu colour='red'>")).not_used, Names{"<vcpu colour>"});
}

TEST(NotUsed, IsOneLineOfWholeCharacters) {
  std::string name = "x";
  for (int i = 0; i < 200; ++i) {
    name += "\xc3\xa4";
  }
  const std::string shown = parse(with("  <os>\n", "<" + name + "/><os>\n")).not_used.at(0);
  EXPECT_LE(shown.size(), 100U);
  EXPECT_NE(xmlCheckUTF8(reinterpret_cast<const unsigned char*>(shown.c_str())), 0);
  ParseOptions options;
  options.stored = true;
  EXPECT_EQ(
      parse(with("<vcpu>", "<clock offset='utc'><timer name='a&#10;b'/></clock><vcpu>"), options).not_used,
      Names{"<clock><timer name='a b'>"});
}

TEST(NotUsed, IsBounded) {
  std::string many;
  for (int i = 0; i < 5000; ++i) {
    many += "<a" + std::to_string(i) + "/>";
  }
  EXPECT_EQ(parse(with("  <os>\n", many + "<os>\n")).not_used.size(), kMaxNotUsed + 1);
}

TEST(UnknownValues, AreRefusedWithThoseThatAreKnown) {
  EXPECT_TRUE(refuses(with("<vcpu>", "<clock offset='banana'/><vcpu>"), kXmlError,
                      "<clock> (line 5): offset='banana' is not a value that libvirt knows; remove the "
                      "attribute, or write one of: utc, absolute, localtime, timezone, variable"));
  EXPECT_TRUE(refuses(with("<vcpu>", "<on_lockfailure>explode</on_lockfailure><vcpu>"), kXmlError,
                      "<on_lockfailure> (line 5): 'explode' is not a value that libvirt knows; remove the "
                      "element, or write one of: ignore, pause, poweroff, restart"));
  EXPECT_TRUE(refuses(
      with("<vcpu>", "<cputune>\n<vcpusched vcpus='0' scheduler='magic'/></cputune><vcpu>"), kXmlError,
      "<cputune><vcpusched> (line 6): scheduler='magic' is not a value that libvirt knows; remove the "
      "attribute, or write one of: batch, fifo, idle, rr"));
}

TEST(UnknownValues, StayInWhatWasTakenBefore) {
  ParseOptions options;
  options.stored = true;
  EXPECT_NO_THROW(parse(with("<vcpu>", "<clock offset='banana'/><vcpu>"), options));
}

TEST(RefusedAtStart, IsACpuModelThatMayNotBeAnother) {
  EXPECT_EQ(parse(with("<vcpu>", "<cpu mode='custom'><model fallback='forbid'>EPYC</model></cpu><vcpu>"))
                .reason_against_start,
            "<cpu><model fallback='forbid'> asks for what virtsev does not do, and for no guest without it; "
            "remove the attribute");
  EXPECT_EQ(parse(sample()).reason_against_start, "");
}

TEST(Spelling, OfLaunchSecurityIsNeverGuessedAway) {
  ParseOptions options;
  options.allow_unprotected = true;
  for (const std::string name : {"launchsecurity", "launch-security", "LaunchSecurity", "launch_security",
                                 "launchSecurty", "lunchSecurity"}) {
    const std::string xml = changed(with("<launchSecurity", "<" + name), "</launchSecurity", "</" + name);
    EXPECT_TRUE(refuses(xml, kXmlError,
                        "<" + name +
                            "> (line 16): a guest's protection is spelt <launchSecurity>; rename the "
                            "element",
                        options))
        << name;
  }
}

TEST(Spelling, AppliesToEveryPlaceButMetadata) {
  ParseOptions options;
  options.allow_unprotected = true;
  const std::string reason =
      "a guest's protection is one <launchSecurity> directly in <domain>, and in no namespace; remove the "
      "element";
  EXPECT_TRUE(refuses(with("<vcpu>", "<cputune><launchSecurity type='sev'/></cputune><vcpu>"), kXmlError,
                      "<cputune><launchSecurity> (line 5): " + reason, options));
  EXPECT_TRUE(refuses(with("<vcpu>", "<x:launchSecurity xmlns:x='urn:x'/><vcpu>"), kXmlError,
                      "<x:launchSecurity> (line 5): " + reason, options));
  EXPECT_TRUE(refuses(with("<vcpu>", "<vcpu launchSecurity='sev'>"), kXmlError,
                      "<vcpu> (line 5): its attribute 'launchSecurity' protects no guest; remove it, and add "
                      "<launchSecurity type='sev'> to <domain>",
                      options));
  EXPECT_NO_THROW(
      parse(with("<vcpu>", "<metadata><x:launchSecurity xmlns:x='urn:x'/></metadata><vcpu>"), options));
}

TEST(LaunchSecurityAttributes, ThatAreUnknownAreRefusedByName) {
  EXPECT_TRUE(refuses(with("type='sev'", "type='sev' kernelHash='yes'"), kConfigUnsupported,
                      "<launchSecurity> (line 16): virtsev does not know its attribute 'kernelHash'; remove "
                      "it"));
}

}  // namespace
}  // namespace virtsev::domain_xml::test
