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

/// What only firmware has, and virtsev's has not.
constexpr std::array<std::string_view, 5> kNotOffered = {"nvram", "varstore", "firmware", "bios", "bootmenu"};

std::string reason_against_firmwares(std::string_view name) {
  if (name == "nvram" || name == "varstore") {
    return text(
        "firmware keeps its variables in the guest's memory, and not in a file of the host's, which nobody "
        "measures; remove the element");
  }
  if (name == "firmware") {
    return text("virtsev does not choose firmware by features; remove the element, and name it in <loader>");
  }
  return text("virtsev's firmware is not asked for that; remove the element");
}

/// Empty: it may be there.
std::string reason_against(const xmlNode* element) {
  for (const std::string_view name : kNotOffered) {
    if (is_element(element, name)) {
      return stands_for_nothing(element) ? std::string() : reason_against_firmwares(name);
    }
  }
  if (is_element(element, "acpi")) {
    return text("virtsev's ACPI tables are fixed and measured; remove the element");
  }
  for (const char* name : {"type", "loader", "kernel", "initrd", "cmdline", "boot", "smbios"}) {
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

/// Empty: it may have the value.
std::string reason_against_loader(std::string_view name, const std::string& value) {
  if (name == "readonly" && value != "yes") {
    return text("the guest never writes to its firmware's image; write readonly='yes'");
  }
  if (name == "type" && value != "rom" && value != "pflash") {
    return text("type='{}' is not offered; write type='rom'", value);
  }
  if (name == "secure" && value != "no") {
    return text(
        "Secure Boot needs system management mode, which virtsev's guests do not have; write secure='no', or "
        "remove the attribute");
  }
  if (name == "stateless" && value != "yes") {
    return text("firmware keeps its variables in the guest's memory: it is stateless; write stateless='yes'");
  }
  if (name == "format" && value != "raw") {
    return text("format='{}' is not offered; an image's format is 'raw'", value);
  }
  return {};
}

void read_loader(xmlNode* os, DomainDefinition& definition, Problems& problems) {
  definition.os.loader = read_path(os, "loader", problems);
  const std::vector<xmlNode*> loaders = children_named(os, "loader");
  if (loaders.empty()) {
    return;
  }
  const xmlNode* loader = loaders.front();
  for (const char* name : {"readonly", "type", "secure", "stateless", "format"}) {
    if (const auto value = attribute(loader, name)) {
      if (const std::string reason = reason_against_loader(name, *value); !reason.empty()) {
        problems.add(ErrorCode::kConfigUnsupported, loader, reason);
      }
    }
  }
  const bool hashed = definition.launch_security && definition.launch_security->kernel_hashes == true;
  for (const char* name : {"kernel", "initrd", "cmdline"}) {
    for (const xmlNode* element : hashed ? std::vector<xmlNode*>() : children_named(os, name)) {
      problems.add(
          ErrorCode::kConfigUnsupported, element,
          text("beside a <loader>, firmware would take it from the host, and nobody would measure it; "
               "remove it, and boot from the guest's disk; or remove <loader>, and all of it is "
               "measured; or write <launchSecurity kernelHashes='yes'> and use the AmdSev build of "
               "OVMF, which checks its hash"));
    }
  }
}

void check_firmware_attribute(const xmlNode* os, Problems& problems) {
  const auto firmware = attribute(os, "firmware");
  if (firmware && *firmware != "efi") {
    problems.add(ErrorCode::kConfigUnsupported, os,
                 text("firmware='{}' is not offered; write firmware='efi'", *firmware));
  } else if (firmware && !children_named(os, "kernel").empty() && children_named(os, "loader").empty()) {
    problems.add(
        ErrorCode::kConfigUnsupported, os,
        text("firmware='efi' beside a <kernel>: firmware would take it from the host, and nobody would "
             "measure it; remove the attribute, and all of it is measured; or remove <kernel>, and "
             "boot from the guest's disk"));
  }
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

/// Of what names neither a kernel nor firmware's image. Empty: the host chooses firmware.
std::string reason_without_kernel(const xmlNode* os) {
  if (!attribute(os, "firmware")) {
    return text(
        "<os>: it does not say what to boot; add <kernel>/path/of/vmlinuz</kernel>, or, for a guest that has "
        "its kernel on its disk, <loader readonly='yes' type='rom'>/path/of/OVMF.fd</loader>");
  }
  if (children_named(os, "initrd").empty() && children_named(os, "cmdline").empty()) {
    return {};
  }
  return text(
      "<os>: <initrd> and <cmdline> are for a kernel, and firmware='efi' boots the one on the guest's disk; "
      "remove them");
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
  check_firmware_attribute(os, problems);
  for (const xmlNode* element : child_elements(os)) {
    if (const std::string reason = reason_against(element); !reason.empty()) {
      problems.add(ErrorCode::kConfigUnsupported, element, reason);
    }
  }
  only_child(os, "bootmenu", problems);
  read_type(os, definition, problems);
  definition.os.kernel = read_path(os, "kernel", problems);
  definition.os.initrd = read_path(os, "initrd", problems);
  read_loader(os, definition, problems);
  if (children_named(os, "kernel").empty() && definition.os.loader.empty()) {
    // Tools define first, and edit later; the guest of a two-step installation has its kernel on its disk.
    definition.reason_against_start = reason_without_kernel(os);
  }
  read_command_line(os, definition, problems);
  only_child(os, "smbios", problems);
  put_in_order(os, {"type", "loader", "kernel", "initrd", "cmdline", "boot", "bootmenu", "smbios"});
}

}  // namespace virtsev::domain_xml
