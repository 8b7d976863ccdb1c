// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/files/status_file.hpp"

#include <charconv>
#include <map>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>

#include "domain-xml/domain_definition.hpp"
#include "sevcore/base/hex.hpp"

namespace virtsev::daemon {
namespace {

constexpr std::string_view kMagic = "virtsevd-status ";

// Calls `visit(key, field)` for every number and flag, so that writing and reading name the same ones.
// `policy`: of the launch's protection, which is made from several fields.
template <typename Status, typename Number, typename Visitor>
void visit_numbers(Status& status, Number& policy, Visitor&& visit) {
  visit("id", status.id);
  visit("state", status.state);
  visit("reason", status.reason);
  visit("pid", status.pid);
  visit("start-time", status.start_time);
  visit("uid", status.uid);
  visit("asid", status.asid);
  visit("firmware-delay", status.firmware_delay);
  visit("starting", status.starting);
  visit("relaunching", status.relaunching);
  visit("has-run", status.has_run);
  visit("owner-given", status.owner_given);
  visit("auto-destroy", status.auto_destroy);
  visit("reboot-requested", status.reboot_requested);
  visit("shutdown-asked", status.shutdown_asked);
  visit("console-silent", status.console_silent);
  visit("persistent", status.persistent);
  visit("api-major", status.launch.api_major);
  visit("api-minor", status.launch.api_minor);
  visit("build", status.launch.build);
  visit("policy", policy);
  visit("c-bit-position", status.launch.c_bit_position);
  visit("reduced-phys-bits", status.launch.reduced_phys_bits);
  visit("secret-address", status.launch.secret_address);
  visit("secret-size", status.launch.secret_size);
}

template <typename Number>
bool read_number(const std::string& text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}
bool read_number(const std::string& text, bool& value) {
  value = text == "1";
  return text == "1" || text == "0";
}

/// Names on one line, "-" for those that are empty.
std::string format_taps(const std::vector<std::string>& taps) {
  std::string line;
  for (const std::string& tap : taps) {
    line += (line.empty() ? "" : " ") + (tap.empty() ? "-" : tap);
  }
  return line;
}

std::vector<std::string> parse_taps(const std::string& line) {
  std::vector<std::string> taps;
  std::istringstream words(line);
  for (std::string word; words >> word;) {
    taps.push_back(word == "-" ? "" : word);
  }
  return taps;
}

constexpr std::string_view kPort = "network-port-";
constexpr std::string_view kVolume = "volume-";

/// The network's name stands last: it may hold spaces.
std::string format_port(const domain_xml::NetworkPlug& port) {
  return domain_xml::format_uuid(port.uuid) + " " + domain_xml::format_uuid(port.network_uuid) +
         (port.host_bridge ? " bridge " : " network ") + port.bridge + " " + port.network;
}

std::optional<domain_xml::NetworkPlug> parse_port(const std::string& line) {
  std::istringstream words(line);
  std::string uuid;
  std::string network_uuid;
  std::string kind;
  domain_xml::NetworkPlug port;
  words >> uuid >> network_uuid >> kind >> port.bridge >> std::ws;
  std::getline(words, port.network);
  const auto own = domain_xml::parse_uuid(uuid);
  const auto networks = domain_xml::parse_uuid(network_uuid);
  if (!own || !networks || port.network.empty()) {
    return std::nullopt;
  }
  port.uuid = *own;
  port.network_uuid = *networks;
  port.host_bridge = kind == "bridge";
  return port;
}

/// Of what libvirt's daemons gave: each by the slot of its device.
void read_borrowed(const std::map<std::string, std::string>& fields, DomainStatus& status) {
  for (const auto& [key, value] : fields) {
    const std::string_view kind = key.starts_with(kPort) ? kPort : kVolume;
    std::uint8_t slot = 0;
    if (!key.starts_with(kind) || !read_number(key.substr(kind.size()), slot)) {
      continue;
    }
    if (kind == kVolume) {
      status.volume_paths[slot] = value;
    } else if (auto port = parse_port(value)) {
      status.network_ports[slot] = std::move(*port);
    }
  }
}

}  // namespace

std::string format_status(const DomainStatus& status) {
  std::ostringstream out;
  out << kMagic << kStatusVersion << '\n';
  const std::uint64_t policy = sevcore::policy_value(status.launch.protection);
  visit_numbers(status, policy,
                [&out](const char* key, const auto& value) { out << key << ' ' << value << '\n'; });
  out << "vmsa-flavour " << static_cast<std::uint32_t>(sevcore::interface_of(status.launch.protection))
      << '\n';
  out << "platform " << static_cast<std::uint32_t>(status.launch.platform) << '\n';
  out << "measurement " << to_hex(status.launch.measurement) << '\n';
  out << "boot-id " << status.boot_id << '\n';
  out << "name " << status.name << '\n';
  out << "console " << status.console_path << '\n';
  for (std::size_t i = 0; i < status.port_paths.size(); ++i) {
    out << "port-" << i << ' ' << status.port_paths[i] << '\n';
  }
  out << "taps " << format_taps(status.taps) << '\n';
  for (const auto& [slot, port] : status.network_ports) {
    out << kPort << static_cast<unsigned>(slot) << ' ' << format_port(port) << '\n';
  }
  for (const auto& [slot, path] : status.volume_paths) {
    out << kVolume << static_cast<unsigned>(slot) << ' ' << path << '\n';
  }
  out << "console-silent-text " << status.console_silent_text << '\n';
  out << '\n' << status.xml;
  return out.str();
}

Result<DomainStatus, std::string> parse_status(const std::string& content) {
  const std::size_t end_of_header = content.find("\n\n");
  if (content.compare(0, kMagic.size(), kMagic) != 0 || end_of_header == std::string::npos) {
    return unexpected(std::string("it is no status file"));
  }
  std::map<std::string, std::string> fields;
  std::istringstream header(content.substr(kMagic.size(), end_of_header - kMagic.size()));
  std::string line;
  std::getline(header, line);  // The version: fields are only ever added, so a later one reads as ours does
  while (std::getline(header, line)) {
    const std::size_t space = line.find(' ');
    if (space != std::string::npos) {
      fields[line.substr(0, space)] = line.substr(space + 1);
    }
  }
  DomainStatus status;
  const auto read = [&fields](const char* key, auto& value) {
    const auto found = fields.find(key);
    std::decay_t<decltype(value)> number{};
    if (found != fields.end() && read_number(found->second, number)) {
      value = number;
    }
  };
  std::uint32_t policy = 0;
  visit_numbers(status, policy, read);
  std::uint32_t flavour = 0;
  std::uint32_t platform = static_cast<std::uint32_t>(control::Platform::kHardware);
  read("vmsa-flavour", flavour);
  read("platform", platform);
  status.launch.platform = platform == static_cast<std::uint32_t>(control::Platform::kSimulated)
                               ? control::Platform::kSimulated
                               : control::Platform::kHardware;
  if (status.pid < 1 || status.start_time == 0) {
    return unexpected(std::string("it names no process: pid or start-time is missing or malformed"));
  }
  status.launch.measurement = from_hex(fields["measurement"]).value_or(Bytes());
  if (!status.launch.measurement.empty()) {  // An ordinary guest has none
    status.launch.protection =
        sevcore::make_protection(sevcore::Policy(policy), {},
                                 flavour == 1 ? sevcore::VmsaFlavour::kLegacy : sevcore::VmsaFlavour::kInit2);
  }
  status.boot_id = fields["boot-id"];
  status.name = fields["name"];
  status.console_path = fields["console"];
  for (auto port = fields.find("port-0"); port != fields.end();
       port = fields.find("port-" + std::to_string(status.port_paths.size()))) {
    status.port_paths.push_back(port->second);
  }
  status.taps = parse_taps(fields["taps"]);
  read_borrowed(fields, status);
  status.console_silent_text = fields["console-silent-text"];
  status.xml = content.substr(end_of_header + 2);
  return status;
}

}  // namespace virtsev::daemon
