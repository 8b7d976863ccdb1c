// SPDX-License-Identifier: LGPL-2.1-or-later
// <console> and <channel> with <target type='virtio'>, and <controller type='virtio-serial'>, which they are
// on.
#include <array>
#include <optional>
#include <regex>

#include "domain-xml/parts/device_parts.hpp"
#include "domain-xml/parts/parts.hpp"
#include "domain-xml/rules/rules.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/printable.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

/// UNIX socket addresses hold 107 bytes, and clients use this one as it stands.
constexpr std::size_t kMostPath = 107;

/// Where libvirt (9.0 and 9.7) and virtsevd put the socket of a running guest that asks for no place: what
/// was copied from there asks for none.
bool is_given_path(const std::string& path, const std::string& name) {
  static const std::regex kGiven(".*/channel/(target/domain-)?[0-9]+-[^/]*/([^/]*)");
  std::smatch match;
  return std::regex_match(path, match, kGiven) && match[2] == name;
}

bool is_good_name(const std::string& name) {
  return !name.empty() && name.size() <= machine::kMaxPortName && name.front() != '.' &&
         name.find('/') == std::string::npos && printable_line(name) == name;
}

void read_name(const xmlNode* target, PortDefinition& port, Problems& problems) {
  port.name = attribute(target, "name").value_or("");
  if (!is_good_name(port.name)) {
    problems.add(ErrorCode::kConfigUnsupported, target,
                 text("a channel has a name of 1 to {} bytes, without '/' and a '.' in front, by which the "
                      "guest finds it; write name='org.qemu.guest_agent.0', for example",
                      machine::kMaxPortName));
  }
}

void read_socket(xmlNode* device, PortDefinition& port, Problems& problems) {
  port.socket = true;
  xmlNode* source = only_child(device, "source", problems);
  if (source == nullptr) {
    return;
  }
  allow_only(source, {}, problems);
  if (attribute(source, "mode").value_or("bind") != "bind") {
    problems.add(
        ErrorCode::kConfigUnsupported, source,
        text("mode='connect' is not there: virtsevd makes the socket, and clients connect to it; write "
             "mode='bind', or remove the element"));
  }
  const std::string path = attribute(source, "path").value_or("");
  if (path.empty() || is_given_path(path, port.name)) {
    remove(source);
    return;
  }
  if (!path.starts_with('/') || path.size() > kMostPath || path.back() == '/' ||
      printable_line(path) != path) {
    problems.add(
        ErrorCode::kXmlError, source,
        text("path='{}' is not an absolute path of at most {} bytes; write one, or remove the element: "
             "virtsevd has a place of its own",
             path, kMostPath));
    return;
  }
  set_attribute(source, "mode", "bind");
  port.path = path;
}

/// What consoles and channels have alike, but for their address.
PortDefinition read_port(xmlNode* device, Problems& problems) {
  PortDefinition port;
  port.console = is_element(device, "console");
  allow_only(device, {"source", "target", "address", "alias"}, problems);
  remove_attribute(device, "tty");
  xmlNode* target = only_child(device, "target", problems);
  const std::string type = attribute(device, "type").value_or("");
  if (type != "pty" && (type != "unix" || port.console)) {
    problems.add(ErrorCode::kConfigUnsupported, device,
                 port.console ? text("type='{}' is not there; write type='pty'", type)
                              : text("type='{}' is not there; write type='unix' or type='pty', or remove the "
                                     "element",
                                     type));
  }
  if (!port.console) {
    if (attribute(target, "type").value_or("") != "virtio") {
      problems.add(ErrorCode::kConfigUnsupported, device,
                   text("a channel of type '{}' is not there; write <target type='virtio' name='...'/>",
                        attribute(target, "type").value_or("")));
    } else {
      read_name(target, port, problems);
    }
  }
  if (target != nullptr) {
    allow_only(target, {}, problems);
    remove_attribute(target, "state");
  }
  if (type == "unix") {
    read_socket(device, port, problems);
  } else if (xmlNode* source = only_child(device, "source", problems)) {
    remove(source);  // The terminal's path, which is known while the domain runs
  }
  port.alias = alias_of(device, problems);
  return port;
}

/// The number on the controller that an <address> asks for; none: it asks for none there.
std::optional<unsigned> number_asked(const xmlNode* device, const PortDefinition& port, Problems& problems) {
  const xmlNode* address = only_child(device, "address", problems);
  if (address == nullptr || attribute(address, "type") != "virtio-serial" ||
      attribute(address, "controller").value_or("0") != "0") {
    return std::nullopt;
  }
  const auto number = parse_number(attribute(address, "port").value_or(""));
  // Port 0 is for consoles, as in libvirt.
  const bool fits = number && *number < machine::kMaxPorts && (*number > 0 || port.console);
  return fits ? std::optional(static_cast<unsigned>(*number)) : std::nullopt;
}

void write_address(xmlNode* device, unsigned number) {
  for (xmlNode* old : children_named(device, "address")) {
    remove(old);
  }
  xmlNode* address = add_element(device, "address");
  set_attribute(address, "type", "virtio-serial");
  set_attribute(address, "controller", "0");
  set_attribute(address, "bus", "0");
  set_attribute(address, "port", std::to_string(number));
}

void assign_numbers(const std::vector<xmlNode*>& devices, DomainDefinition& definition, Problems& problems) {
  std::array<const xmlNode*, machine::kMaxPorts> taken{};
  std::vector<bool> asked(devices.size());
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const std::optional<unsigned> number = number_asked(devices[i], definition.ports[i], problems);
    if (!number) {
      continue;
    }
    if (const xmlNode* other = taken[*number]) {
      problems.add(
          ErrorCode::kXmlError, only_child(devices[i], "address", problems),
          text("the device in line {} has this port; remove the element, and this one gets a free one",
               xmlGetLineNo(other)));
      continue;
    }
    taken[*number] = devices[i];
    definition.ports[i].number = static_cast<std::uint8_t>(*number);
    asked[i] = true;
  }
  for (std::size_t i = 0; i < devices.size(); ++i) {
    PortDefinition& port = definition.ports[i];
    unsigned number = port.number;
    if (!asked[i]) {
      number = port.console ? 0 : 1;
      while (number < machine::kMaxPorts && taken[number] != nullptr) {
        ++number;
      }
      if (number == machine::kMaxPorts) {
        problems.add(
            ErrorCode::kConfigUnsupported, devices[i],
            text("there are {} ports, the first of which is for a console, and all are taken; remove "
                 "the element",
                 machine::kMaxPorts));
        return;
      }
      taken[number] = devices[i];
      port.number = static_cast<std::uint8_t>(number);
    }
    write_address(devices[i], number);
  }
}

}  // namespace

bool is_port(const xmlNode* device) {
  if ((!is_element(device, "console") && !is_element(device, "channel")) || is_for_a_screen(device)) {
    return false;
  }
  const std::vector<xmlNode*> targets = children_named(device, "target");
  return targets.size() == 1 && attribute(targets[0], "type") == "virtio";
}

void read_ports(xmlNode* devices, DomainDefinition& definition, Problems& problems) {
  std::vector<xmlNode*> found;
  std::size_t place = definition.serials.empty() ? 0 : 1;
  for (xmlNode* console : children_named(devices, "console")) {
    if (is_port(console)) {
      PortDefinition port = read_port(console, problems);
      port.place = place++;
      set_attribute(only_child(console, "target"), "port", std::to_string(port.place));
      definition.ports.push_back(std::move(port));
      found.push_back(console);
    }
  }
  place = 0;
  for (xmlNode* channel : children_named(devices, "channel")) {
    if (is_for_a_screen(channel)) {
      continue;
    }
    PortDefinition port = read_port(channel, problems);
    port.place = place++;
    for (const PortDefinition& other : definition.ports) {
      if (!port.name.empty() && other.name == port.name) {
        problems.add(ErrorCode::kXmlError, channel,
                     text("another channel has the name '{}'; give this one another, or remove the element",
                          port.name));
      }
    }
    definition.ports.push_back(std::move(port));
    found.push_back(channel);
  }
  assign_numbers(found, definition, problems);
}

xmlNode* read_port_controller(xmlNode* devices, DomainDefinition& definition, Problems& problems) {
  xmlNode* found = nullptr;
  for (xmlNode* controller : children_named(devices, "controller")) {
    if (attribute(controller, "type") != "virtio-serial") {
      continue;
    }
    if (found != nullptr) {
      problems.add(ErrorCode::kConfigUnsupported, controller,
                   text("the machine has one controller of type 'virtio-serial', in line {}; remove this "
                        "element",
                        xmlGetLineNo(found)));
      continue;
    }
    found = controller;
  }
  if (found == nullptr && definition.ports.empty()) {
    return nullptr;
  }
  if (found == nullptr) {
    found = add_element(devices, "controller");
    set_attribute(found, "type", "virtio-serial");
  }
  set_attribute(found, "index", "0");
  definition.port_controller = PortControllerDefinition{alias_of(found, problems)};
  return found;
}

}  // namespace virtsev::domain_xml
