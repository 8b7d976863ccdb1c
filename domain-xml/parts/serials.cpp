// SPDX-License-Identifier: LGPL-2.1-or-later
// <serial> and <console>: one serial port, which is the console too. libvirt writes it as two elements.
#include "domain-xml/parts/device_parts.hpp"
#include "domain-xml/parts/parts.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

void check_pty(const xmlNode* device, Problems& problems) {
  const std::optional<std::string> type = attribute(device, "type");
  if (!type) {
    problems.add(ErrorCode::kXmlError, device, text("its type is missing; write type='pty'"));
  } else if (*type != "pty") {
    problems.add(ErrorCode::kConfigUnsupported, device,
                 text("type='{}' is not there yet; write type='pty', which 'virsh console' shows", *type));
  }
}

void check_port(const xmlNode* device, const xmlNode* target, Problems& problems) {
  if (const std::optional<std::string> port = attribute(target, "port"); port && parse_number(*port) != 0U) {
    problems.add(ErrorCode::kConfigUnsupported, device,
                 text("port='{}': the machine has one serial port; write port='0'", *port));
  }
}

/// The first; null where there is none.
xmlNode* only_one(xmlNode* devices, const char* name, Problems& problems) {
  std::vector<xmlNode*> found = children_named(devices, name);
  std::erase_if(found, is_port);
  for (std::size_t i = 1; i < found.size(); ++i) {
    problems.add(ErrorCode::kConfigUnsupported, found[i],
                 text("the machine has one serial port, which is the console too, in line {}; remove this "
                      "element",
                      xmlGetLineNo(found[0])));
  }
  return found.empty() ? nullptr : found[0];
}

xmlNode* target_of(xmlNode* device, Problems& problems) {
  xmlNode* target = only_child(device, "target", problems);
  return target != nullptr ? target : add_element(device, "target");
}

void write_target(xmlNode* target, const char* type) {
  remove_attribute(target, "type");
  remove_attribute(target, "port");
  set_attribute(target, "type", type);
  set_attribute(target, "port", "0");
}

/// The pty's path is known while the domain runs; a definition that was copied from there does not ask for
/// it.
void remove_source(xmlNode* device, Problems& problems) {
  if (xmlNode* source = only_child(device, "source", problems)) {
    remove(source);
  }
}

/// <log>: its file, and whether it is kept. libvirt writes it in both elements of the one port.
void read_log(const xmlNode* device, SerialPort& port, Problems& problems) {
  const xmlNode* log = only_child(device, "log", problems);
  if (log == nullptr) {
    return;
  }
  const std::optional<std::string> file = attribute(log, "file");
  if (!file || !file->starts_with('/')) {
    problems.add(
        ErrorCode::kXmlError, log,
        text("file='{}' is not an absolute path; write one that begins with /, or remove the element",
             file.value_or("")));
    return;
  }
  if (!port.log_file.empty() && port.log_file != *file) {
    problems.add(
        ErrorCode::kConfigUnsupported, log,
        text("the one serial port has another log already, '{}'; remove the element", port.log_file));
    return;
  }
  port.log_file = *file;
  port.log_append = port.log_append || attribute(log, "append") == "on";
}

void read_serial(xmlNode* serial, Problems& problems) {
  check_pty(serial, problems);
  allow_only(serial, {"source", "log", "target", "address", "alias"}, problems);
  remove_source(serial, problems);
  xmlNode* target = target_of(serial, problems);
  check_port(serial, target, problems);
  const std::string type = attribute(target, "type").value_or("isa-serial");
  if (type != "isa-serial") {
    problems.add(
        ErrorCode::kConfigUnsupported, serial,
        text("a serial port of type '{}' is not there; write <target type='isa-serial' port='0'/>", type));
  }
  allow_only(target, {"model"}, problems);
  write_target(target, "isa-serial");
  xmlNode* model = only_child(target, "model", problems);
  if (model == nullptr) {
    model = add_element(target, "model");
    set_attribute(model, "name", "isa-serial");
  }
  if (const std::string name = attribute(model, "name").value_or(""); name != "isa-serial") {
    problems.add(ErrorCode::kConfigUnsupported, model,
                 text("'{}' is not there; write <model name='isa-serial'/>", name));
  }
}

void read_console(xmlNode* console, Problems& problems) {
  check_pty(console, problems);
  allow_only(console, {"source", "log", "target", "address", "alias"}, problems);
  remove_source(console, problems);
  remove_attribute(console, "tty");
  xmlNode* target = target_of(console, problems);
  const std::string type = attribute(target, "type").value_or("serial");
  if (type != "serial") {
    problems.add(
        ErrorCode::kConfigUnsupported, console,
        text("a console of type '{}' is not there; write <target type='serial' port='0'/> or <target "
             "type='virtio'/>",
             type));
  }
  check_port(console, target, problems);
  allow_only(target, {}, problems);
  write_target(target, "serial");
}

}  // namespace

void read_serials(xmlNode* devices, DomainDefinition& definition, Problems& problems) {
  xmlNode* serial = only_one(devices, "serial", problems);
  xmlNode* console = only_one(devices, "console", problems);
  if (serial == nullptr && console == nullptr) {
    return;
  }
  const auto add = [&](const char* name) {
    xmlNode* device = add_element(devices, name);
    set_attribute(device, "type", "pty");
    return device;
  };
  serial = serial != nullptr ? serial : add("serial");
  console = console != nullptr ? console : add("console");
  for (xmlNode* other : children_named(devices, "console")) {
    if (is_port(other)) {  // libvirt counts the serial port's as the first
      xmlUnlinkNode(other);
      xmlAddChild(devices, other);
    }
  }
  read_serial(serial, problems);
  read_console(console, problems);
  SerialPort port;
  for (const xmlNode* device : {console, serial}) {
    read_log(device, port, problems);
    if (const xmlNode* alias = only_child(device, "alias", problems)) {
      port.alias = attribute(alias, "name").value_or("");
    }
  }
  definition.serials.push_back(port);
}

}  // namespace virtsev::domain_xml
