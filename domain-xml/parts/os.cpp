// SPDX-License-Identifier: LGPL-2.1-or-later
// <os>: the machine, and the kernel that it boots.
#include <array>

#include "domain-xml/parts/parts.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/machine/machine_version.hpp"

namespace virtsev::domain_xml {
namespace {

/// PATH_MAX of Linux, without the NUL.
constexpr std::size_t kMaxPath = 4095;

void read_type(xmlNode* os, DomainDefinition& definition, Problems& problems) {
  xmlNode* type = only_child(os, "type", problems);
  if (type == nullptr) {
    problems.add(ErrorCode::kXmlError, os,
                 text("its <type> is missing; add <type arch='x86_64' machine='q35'>hvm</type>"));
    return;
  }
  if (trimmed(type) != "hvm") {
    problems.add(ErrorCode::kConfigUnsupported, type,
                 text("'{}' is not offered; virtsev's guests are of type 'hvm'", trimmed(type)));
  }
  const std::string arch = attribute(type, "arch").value_or("x86_64");
  if (arch != "x86_64") {
    problems.add(ErrorCode::kConfigUnsupported, type,
                 text("arch='{}' is not offered; write arch='x86_64'", arch));
  }
  const std::string name = attribute(type, "machine").value_or(machine::kQ35_1_0);
  if (!machine::version_named(name)) {
    problems.add(ErrorCode::kConfigUnsupported, type,
                 text("machine='{}' is not offered; write machine='{}'", name, machine::kAlias));
  }
  definition.os.machine = machine::kQ35_1_0;
  remove_attribute(type, "arch");
  remove_attribute(type, "machine");
  set_attribute(type, "arch", arch);
  set_attribute(type, "machine", machine::kQ35_1_0);
  set_content(type, "hvm");
}

/// Written by tools where firmware is not to ask what to boot.
bool stands_for_nothing(const xmlNode* element) {
  return is_element(element, "bootmenu") && attribute(element, "enable") == "no";
}

/// Firmware (OVMF), and what only firmware has.
constexpr std::array<std::string_view, 6> kFirmware = {"loader",   "nvram", "varstore",
                                                       "firmware", "bios",  "bootmenu"};

std::string reason_against_firmware() {
  return text(
      "booting firmware is not there yet; remove the element, and name the guest's kernel in <kernel> and "
      "<initrd>, all of which is measured");
}

/// Empty: it may be there.
std::string reason_against(const xmlNode* element) {
  for (const std::string_view name : kFirmware) {
    if (is_element(element, name)) {
      return stands_for_nothing(element) ? std::string() : reason_against_firmware();
    }
  }
  if (is_element(element, "acpi")) {
    return text("virtsev's ACPI tables are fixed and measured; remove the element");
  }
  for (const char* name : {"type", "kernel", "initrd", "cmdline", "boot", "smbios"}) {
    if (is_element(element, name)) {
      return {};
    }
  }
  return text("virtsev does not know this element here; remove it");
}

/// Empty where the element is not there.
std::string read_path(xmlNode* os, const char* name, Problems& problems) {
  xmlNode* element = only_child(os, name, problems);
  if (element == nullptr) {
    return {};
  }
  std::string path = trimmed(element);
  if (!path.starts_with('/')) {
    problems.add(ErrorCode::kXmlError, element,
                 text("'{}' is not an absolute path; write one that begins with /", path));
  }
  if (path.size() > kMaxPath) {
    problems.add(ErrorCode::kXmlError, element, text("the path is longer than {} bytes", kMaxPath));
  }
  set_content(element, path);
  return path;
}

void read_command_line(xmlNode* os, DomainDefinition& definition, Problems& problems) {
  const xmlNode* command_line = only_child(os, "cmdline", problems);
  if (command_line == nullptr) {
    return;
  }
  definition.os.command_line = content(command_line);
  if (definition.os.command_line.size() >= machine::kLimits.command_line) {
    problems.add(ErrorCode::kConfigUnsupported, command_line,
                 text("the kernel reads a command line of at most {} bytes; this one has {}",
                      machine::kLimits.command_line - 1, definition.os.command_line.size()));
  }
}

}  // namespace

void read_os(xmlNode* domain, DomainDefinition& definition, Problems& problems) {
  xmlNode* os = only_child(domain, "os", problems);
  if (os == nullptr) {
    problems.add(ErrorCode::kXmlError, domain,
                 text("it does not say what to boot; add <os><type arch='x86_64' machine='q35'>hvm</type>"
                      "<kernel>/path/of/vmlinuz</kernel></os>"));
    return;
  }
  elements_only(os, problems);
  if (attribute(os, "firmware")) {
    problems.add(ErrorCode::kConfigUnsupported, os,
                 text("firmware='{}': booting firmware is not there yet; remove the attribute, and name the "
                      "guest's kernel in <kernel> and <initrd>, all of which is measured",
                      *attribute(os, "firmware")));
  }
  for (const xmlNode* element : child_elements(os)) {
    if (const std::string reason = reason_against(element); !reason.empty()) {
      problems.add(ErrorCode::kConfigUnsupported, element, reason);
    }
  }
  only_child(os, "bootmenu", problems);
  read_type(os, definition, problems);
  definition.os.kernel = read_path(os, "kernel", problems);
  definition.os.initrd = read_path(os, "initrd", problems);
  if (children_named(os, "kernel").empty()) {
    // Tools define first, and edit later; the guest of a two-step installation has its kernel on its disk.
    definition.reason_against_start = text(
        "<os>: it names no kernel, and booting one directly is all there is yet; add "
        "<kernel>/path/of/vmlinuz</kernel>");
  }
  read_command_line(os, definition, problems);
  only_child(os, "smbios", problems);
  put_in_order(os, {"type", "kernel", "initrd", "cmdline", "boot", "bootmenu", "smbios"});
}

}  // namespace virtsev::domain_xml
