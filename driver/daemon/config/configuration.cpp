// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/config/configuration.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include "domain-xml/domain_definition.hpp"
#include "driver/daemon/config/conf_file.hpp"
#include "driver/daemon/config/libvirt_settings.hpp"
#include "driver/daemon/files/read_file.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

const std::vector<std::string> kKnown = {"platform",
                                         "simulated_es_asids",
                                         "simulated_sev_asids",
                                         "firmware_delay",
                                         "simulated_snp",
                                         "allow_unprotected",
                                         "default_launch_security",
                                         "headless",
                                         "sev_es_reboot",
                                         "vmm_uid_range",
                                         "console_timeout",
                                         "launch_timeout",
                                         "request_timeout",
                                         "vmm",
                                         "host_uuid",
                                         "max_clients",
                                         "max_client_requests",
                                         "keepalive_interval",
                                         "keepalive_count"};

void read_uid_range(const ConfFile& file, Configuration& configuration) {
  const std::string range = file.string("vmm_uid_range", "");
  if (range.empty()) {
    return;
  }
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  const char* const end = range.data() + range.size();
  const auto start = std::from_chars(range.data(), end, first);
  bool good = start.ec == std::errc() && start.ptr != end && (*start.ptr == '-' || *start.ptr == ',');
  if (good) {
    const auto stop = std::from_chars(start.ptr + 1, end, last);
    good = stop.ec == std::errc() && stop.ptr == end;
  }
  // The highest number means "no user" to the kernel, and 0 is root.
  if (!good || first == 0 || first > last || last == std::numeric_limits<std::uint32_t>::max()) {
    file.fail("vmm_uid_range",
              text("expected the first and the last user id, such as \"2100000000-2100016383\""));
  }
  configuration.vmm_uid_first = first;
  configuration.vmm_uid_last = last;
}

// By libvirt's rule, which its clients rely on: one digit for all of it is no UUID of a host.
void read_host_uuid(const ConfFile& file, Configuration& configuration) {
  const std::string given = file.string("host_uuid", "");
  if (given.empty()) {
    return;
  }
  const auto uuid = domain_xml::parse_uuid(given);
  const std::string written = uuid ? domain_xml::format_uuid(*uuid) : "";
  const auto is_first = [&written](char c) { return c == written[0] || c == '-'; };
  if (!uuid || std::all_of(written.begin(), written.end(), is_first)) {
    file.fail(
        "host_uuid",
        text("'{}' is not the UUID of a host: write 32 hexadecimal digits that are not all the same, as "
             "`uuidgen` prints them, or leave it out",
             given));
  }
  configuration.host_uuid = written;
}

void read_default_launch_security(const ConfFile& file, Configuration& configuration) {
  constexpr const char* kKey = "default_launch_security";
  const std::string digits = file.string(kKey, "");
  if (digits.empty()) {
    return;
  }
  const std::optional<sevcore::Policy> policy = sevcore::parse_xml_policy(digits);
  if (!policy) {
    file.fail(kKey, text("'{}' is not a policy: write \"0x7\" for SEV-ES, or \"0x3\" for SEV", digits));
  }
  if (!policy->has(sevcore::PolicyBit::kNoDebug)) {
    file.fail(kKey, text("'{}' lets the host read its guests (NODBG, bit 0, is clear): add 1 to it", digits));
  }
  try {
    sevcore::check(*policy);
  } catch (const Error& error) {
    file.fail(kKey, error.what());
  }
  configuration.default_launch_security = policy;
}

void read_vmm(const ConfFile& file, Configuration& configuration) {
  configuration.vmm = file.string("vmm", "");
  if (!configuration.vmm.empty() && configuration.vmm[0] != '/') {
    file.fail("vmm", text("'{}' is not an absolute path: name virtsev-vmm from / on", configuration.vmm));
  }
}

// What virtsevd does not have is no reason for guests to be without their daemon; a misspelt name is.
void note_others(const ConfFile& file, Configuration& configuration) {
  for (const std::string& key : file.others(kKnown)) {
    if (!is_libvirt_setting(key)) {
      file.fail(key, text("no such setting"));
    }
    configuration.remarks.push_back(
        file.at(key, text("libvirt's daemons have this setting, and virtsevd does not: it is not used")));
  }
}

Configuration configuration_of(const ConfFile& file) {
  Configuration configuration;
  note_others(file, configuration);
  const auto platform = parse_platform(file.string("platform", name_of(configuration.platform)));
  if (!platform) {
    file.fail("platform", text("expected \"hardware\" or \"simulated\""));
  }
  configuration.platform = *platform;
  configuration.allow_unprotected = file.number("allow_unprotected", 0, 0, 1) == 1;
  const std::string reboot = file.string("sev_es_reboot", "destroy");
  if (reboot != "destroy" && reboot != "relaunch") {
    file.fail("sev_es_reboot", text("expected \"destroy\" or \"relaunch\""));
  }
  configuration.sev_es_relaunch = reboot == "relaunch";
  configuration.headless = file.number("headless", 1, 0, 1) == 1;
  read_uid_range(file, configuration);
  const auto number = [&file](const char* key, std::uint32_t& field, std::int64_t low, std::int64_t high) {
    field = static_cast<std::uint32_t>(file.number(key, field, low, high));
  };
  using sevcore::SimulationSettings;
  number("simulated_es_asids", configuration.simulation.es_asids, 0, SimulationSettings::kMaxAsids);
  number("simulated_sev_asids", configuration.simulation.sev_asids, 0, SimulationSettings::kMaxAsids);
  number("firmware_delay", configuration.simulation.firmware_delay_ms_per_mib, 0,
         SimulationSettings::kMaxDelay);
  number("simulated_snp", configuration.simulation.snp_initialized, 0, 1);
  number("console_timeout", configuration.console_timeout_seconds, 0, 86400);
  number("launch_timeout", configuration.launch_timeout_seconds, 1, 86400);
  number("request_timeout", configuration.request_timeout_seconds, 1, 86400);
  number("max_clients", configuration.max_clients, 1, 1000000);
  number("max_client_requests", configuration.max_client_requests, 1, 1000);
  configuration.keepalive_interval_seconds = static_cast<std::int32_t>(
      file.number("keepalive_interval", configuration.keepalive_interval_seconds, -1, 86400));
  number("keepalive_count", configuration.keepalive_count, 0, 1000);
  read_default_launch_security(file, configuration);
  read_vmm(file, configuration);
  read_host_uuid(file, configuration);
  return configuration;
}

}  // namespace

std::optional<control::Platform> parse_platform(const std::string& word) {
  if (word == "hardware") {
    return control::Platform::kHardware;
  }
  if (word == "simulated") {
    return control::Platform::kSimulated;
  }
  return std::nullopt;
}

const char* name_of(control::Platform platform) {
  return platform == control::Platform::kSimulated ? "simulated" : "hardware";
}

Configuration parse_configuration(const std::string& content, const std::string& file_name) {
  Configuration configuration = configuration_of(ConfFile::parse(content, file_name));
  configuration.file = file_name;
  return configuration;
}

Configuration load_configuration(const std::string& path, bool required) {
  constexpr std::size_t kMaxBytes = 1U << 20;
  const auto content = read_file(path, kMaxBytes);
  if (content) {
    const ConfFile file = ConfFile::parse(*content, path);
    Configuration configuration = configuration_of(file);
    configuration.file = path;
    struct stat vmm {};
    if (const std::string& program = configuration.vmm;
        !program.empty() && (::stat(program.c_str(), &vmm) != 0 || !S_ISREG(vmm.st_mode) ||
                             ::access(program.c_str(), X_OK) != 0)) {
      file.fail("vmm",
                text("'{}' can't be executed: name the program virtsev-vmm, or leave it out", program));
    }
    return configuration;
  }
  if (!required && content.error() == ENOENT) {
    return {};
  }
  throw Error(ErrorCode::kSystemError,
              text("cannot read the configuration file '{}': {}", path, error_text(content.error())));
}

}  // namespace virtsev::daemon
