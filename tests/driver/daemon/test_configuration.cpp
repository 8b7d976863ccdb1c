// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsevd.conf: libvirt's grammar, and what the settings mean.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "driver/daemon/config/conf_file.hpp"
#include "driver/daemon/config/configuration.hpp"
#include "driver/daemon/config/libvirt_settings.hpp"
#include "driver/daemon/files/read_file.hpp"
#include "sevcore/base/error.hpp"

namespace virtsev::daemon {
namespace {

std::string complaint_about(const std::string& content) {
  try {
    parse_configuration(content, "x.conf");
  } catch (const Error& error) {
    return error.what();
  }
  return "none";
}

TEST(ConfFile, HoldsNumbersStringsListsAndComments) {
  const ConfFile file = ConfFile::parse(
      "# a comment\n\n  number = 42 # another\nsigned=-7\nname = \"a # b\"\nsingle='x \"y\"'\nlist = [ "
      "\"a\", # why\n 'b',\n]\n"
      "long = \"\"\"two\nlines\"\"\"\nlast = 1",
      "x.conf");
  EXPECT_EQ(42, file.number("number", 0, 0, 100));
  EXPECT_EQ(-7, file.number("signed", 0, -10, 10));
  EXPECT_EQ("a # b", file.string("name", ""));
  EXPECT_EQ("x \"y\"", file.string("single", ""));
  EXPECT_EQ((std::vector<std::string>{"a", "b"}), file.list("list", {}));
  EXPECT_EQ("two\nlines", file.string("long", ""));
  EXPECT_EQ(1, file.number("last", 0, 0, 1));
  EXPECT_EQ("fallback", file.string("absent", "fallback"));
}

TEST(ConfFile, ErrorsNameFileAndLine) {
  EXPECT_EQ(0U, complaint_about("\n\nplatform \"x\"").find("x.conf:3: "));
  EXPECT_EQ(0U, complaint_about("platform = \"hardware").find("x.conf:1: "));
  EXPECT_EQ(0U, complaint_about("\nvmm = [\"a\" \"b\"]").find("x.conf:2: "));
  EXPECT_EQ(0U, complaint_about("console_timeout = 99999999999999999999").find("x.conf:1: "));
  EXPECT_EQ(0U, complaint_about("console_timeout = ").find("x.conf:1: "));
  EXPECT_EQ(0U, complaint_about("console_timeout = 1 2").find("x.conf:1: "));
  EXPECT_EQ(0U, complaint_about("= 1").find("x.conf:1: "));
  EXPECT_EQ(0U, complaint_about("\n\nplatfrom = \"simulated\"").find("x.conf:3: 'platfrom'"));
  EXPECT_EQ(0U, complaint_about("#\nplatform = 1").find("x.conf:2: 'platform'"));
}

TEST(ConfFile, EveryPrefixOfAFileIsReadOrRefused) {
  const std::string content = "a = \"x\"\nb = [ \"y\", 'z' ]\nc = \"\"\"w\"\"\" # d\n";
  for (std::size_t i = 0; i <= content.size(); ++i) {
    try {
      ConfFile::parse(content.substr(0, i), "x.conf");
    } catch (const Error&) {
    }
  }
}

TEST(Configuration, DefaultsAreHardwareAndProtectedGuests) {
  const Configuration configuration = parse_configuration("", "x.conf");
  EXPECT_EQ(control::Platform::kHardware, configuration.platform);
  EXPECT_FALSE(configuration.allow_unprotected);
  EXPECT_TRUE(configuration.headless);
  EXPECT_FALSE(configuration.sev_es_relaunch);
  EXPECT_EQ(20U, configuration.console_timeout_seconds);
}

TEST(Configuration, AnIntervalBelowOneMeansNoPings) {
  EXPECT_EQ(0, parse_configuration("keepalive_interval = 0", "x.conf").keepalive_interval_seconds);
  EXPECT_EQ(-1, parse_configuration("keepalive_interval = -1", "x.conf").keepalive_interval_seconds);
  EXPECT_EQ(0U, parse_configuration("keepalive_count = 0", "x.conf").keepalive_count);
  EXPECT_EQ(0U, complaint_about("keepalive_interval = -2").find("x.conf:1: 'keepalive_interval'"));
}

TEST(Configuration, TakesEachSetting) {
  const Configuration configuration = parse_configuration(
      "platform = \"simulated\"\nallow_unprotected = 1\nvmm_uid_range = \"1000-1999\"\nconsole_timeout = "
      "5\nvmm = \"/x\"\nsimulated_es_asids = 2\nsimulated_sev_asids = 0\nfirmware_delay = 123\nsimulated_snp "
      "= 1\n",
      "x.conf");
  EXPECT_EQ(control::Platform::kSimulated, configuration.platform);
  EXPECT_TRUE(configuration.allow_unprotected);
  EXPECT_EQ(1000U, configuration.vmm_uid_first);
  EXPECT_EQ(1999U, configuration.vmm_uid_last);
  EXPECT_EQ(5U, configuration.console_timeout_seconds);
  EXPECT_EQ("/x", configuration.vmm);
  EXPECT_EQ((sevcore::SimulationSettings{2, 0, 123, 1}), configuration.simulation);
}

TEST(Configuration, SaysWhatToolsWriteUnaskedAndWhatARebootIs) {
  const Configuration configuration =
      parse_configuration("headless = 0\nsev_es_reboot = \"relaunch\"\n", "x.conf");
  EXPECT_FALSE(configuration.headless);
  EXPECT_TRUE(configuration.sev_es_relaunch);
  EXPECT_EQ(0U, complaint_about("sev_es_reboot = \"restart\"").find("x.conf:1: 'sev_es_reboot'"));
  EXPECT_EQ(0U, complaint_about("headless = 2").find("x.conf:1: 'headless'"));
}

TEST(Configuration, SaysWhatProtectionNewDefinitionsGet) {
  EXPECT_FALSE(parse_configuration("", "x.conf").default_launch_security);
  EXPECT_FALSE(parse_configuration("default_launch_security = \"\"", "x.conf").default_launch_security);
  const Configuration configuration = parse_configuration("default_launch_security = \"0x7\"", "x.conf");
  EXPECT_EQ(sevcore::Policy(7), configuration.default_launch_security);
  EXPECT_EQ("x.conf", configuration.file);
  for (const char* policy : {"yes", "0x6", "0x47", "-1", "0x100000001"}) {
    EXPECT_EQ(0U, complaint_about("default_launch_security = \"" + std::string(policy) + "\"")
                      .find("x.conf:1: 'default_launch_security'"))
        << policy;
  }
  EXPECT_NE(std::string::npos, complaint_about("default_launch_security = \"0x6\"").find("NODBG"));
}

TEST(Configuration, RootIsNoMonitorsUser) {
  for (const char* range : {"0-5", "5-4", "5", "5-", "a-b", "1-4294967295", "1-2x"}) {
    EXPECT_NE("none", complaint_about("vmm_uid_range = \"" + std::string(range) + "\"")) << range;
  }
}

TEST(Configuration, ASimulatedPlatformHasItsLimits) {
  for (const char* line : {"simulated_es_asids = 4097", "simulated_sev_asids = -1", "firmware_delay = 60001",
                           "simulated_snp = 2"}) {
    EXPECT_NE("none", complaint_about(line)) << line;
  }
}

TEST(Configuration, InstalledFileNamesTheDefaults) {
  const auto content = read_file(VIRTSEVD_CONF, 1U << 20);
  ASSERT_TRUE(content);
  // As it stands: comments alone. Without the marks: every setting at its default.
  parse_configuration(*content, "virtsevd.conf");
  std::string uncommented;
  for (std::size_t start = 0; start < content->size();) {
    const std::size_t end = std::min(content->find('\n', start), content->size());
    std::string line = content->substr(start, end - start);
    if (line.size() > 1 && line[0] == '#' && line[1] >= 'a' && line[1] <= 'z') {
      uncommented += line.substr(1) + "\n";
    }
    start = end + 1;
  }
  Configuration configuration = parse_configuration(uncommented, "virtsevd.conf");
  const Configuration defaults;
  EXPECT_EQ(defaults.platform, configuration.platform);
  EXPECT_EQ(defaults.vmm_uid_first, configuration.vmm_uid_first);
  EXPECT_EQ(defaults.vmm_uid_last, configuration.vmm_uid_last);
  EXPECT_EQ(defaults.launch_timeout_seconds, configuration.launch_timeout_seconds);
  EXPECT_EQ(defaults.request_timeout_seconds, configuration.request_timeout_seconds);
  EXPECT_EQ(defaults.keepalive_count, configuration.keepalive_count);
  EXPECT_EQ(defaults.simulation, configuration.simulation);
  EXPECT_EQ(19, std::count(uncommented.begin(), uncommented.end(), '\n'))
      << "a setting is missing, or a new one";
}

TEST(Configuration, AHostsUuidIsOne) {
  for (const char* value :
       {"abc", "00000000-0000-0000-0000-000000000000", "ffffffffffffffffffffffffffffffff",
        "7b4a3c52-91de-4f0e-8a36-c05d1e2f9b7", "7b4a3c52-91de-4f0e-8a36-c05d1e2f9b74 ", "<uuid/>"}) {
    const std::string said = complaint_about("\nhost_uuid = \"" + std::string(value) + "\"");
    EXPECT_EQ(0U, said.find("x.conf:2: 'host_uuid': '" + std::string(value) + "' is not the UUID")) << said;
  }
  EXPECT_EQ("7b4a3c52-91de-4f0e-8a36-c05d1e2f9b74",
            parse_configuration("host_uuid = \"7B4A3C5291DE4F0E8A36C05D1E2F9B74\"", "x.conf").host_uuid);
}

TEST(Configuration, TheMonitorIsAProgram) {
  EXPECT_EQ(
      0U, complaint_about("vmm = \"virtsev-vmm\"").find("x.conf:1: 'vmm': 'virtsev-vmm' is not an absolute"));
  const std::string file = ::testing::TempDir() + "/virtsevd-vmm.conf";
  for (const char* program : {"/nowhere/virtsev-vmm", "/etc/passwd", "/etc"}) {
    std::ofstream(file) << "\nvmm = '" << program << "'\n";
    try {
      load_configuration(file, true);
      ADD_FAILURE() << program;
    } catch (const Error& error) {
      EXPECT_EQ(0U, std::string(error.what()).find(file + ":2: 'vmm': '" + program + "' can't be executed"))
          << error.what();
    }
  }
  std::ofstream(file) << "vmm = '/bin/sh'\n";
  EXPECT_EQ("/bin/sh", load_configuration(file, true).vmm);
  std::filesystem::remove(file);
}

TEST(Configuration, LibvirtsOtherSettingsAreNotedInTheOrderOfTheirLines) {
  const Configuration configuration = parse_configuration(
      "unix_sock_group = \"libvirt\"\nlog_level = 1\naccess_drivers = [ \"polkit\" ]\nmax_clients = 7",
      "x.conf");
  ASSERT_EQ(3U, configuration.remarks.size());
  EXPECT_EQ(0U, configuration.remarks[0].find("x.conf:1: 'unix_sock_group': "));
  EXPECT_EQ(0U, configuration.remarks[1].find("x.conf:2: 'log_level': "));
  EXPECT_EQ(0U, configuration.remarks[2].find("x.conf:3: 'access_drivers': "));
  EXPECT_EQ(7U, configuration.max_clients);
  EXPECT_EQ(0U,
            complaint_about("log_level = 1\nlog_levle = 1").find("x.conf:2: 'log_levle': no such setting"));
}

TEST(Configuration, NoneOfItsOwnIsTakenForAnothersSetting) {
  for (const char* key : {"platform", "host_uuid", "max_clients", "keepalive_count", ""}) {
    EXPECT_FALSE(is_libvirt_setting(key)) << key;
  }
}

TEST(Configuration, MissingFileIsFineUnlessItWasNamed) {
  EXPECT_NO_THROW(load_configuration("/nowhere/x.conf", false));
  EXPECT_THROW(load_configuration("/nowhere/x.conf", true), Error);
  EXPECT_THROW(load_configuration("/", false), Error);
}

}  // namespace
}  // namespace virtsev::daemon
