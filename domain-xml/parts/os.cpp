// SPDX-License-Identifier: LGPL-2.1-or-later
// <os>: the machine, and the kernel that it boots.
#include "domain-xml/limits.hpp"
#include "domain-xml/parts/parts.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

/// PATH_MAX of Linux, without the NUL.
constexpr std::size_t kMaxPath = 4095;

void read_type(xmlNode* os, DomainDefinition& definition) {
  xmlNode* type = only_child(os, "type");
  if (type == nullptr) {
    refuse(ErrorCode::kXmlError, os,
           text("its <type> is missing; write <type arch='x86_64' machine='q35'>hvm</type>"));
  }
  if (trimmed(type) != "hvm") {
    refuse(ErrorCode::kConfigUnsupported, type,
           text("'{}' is not offered; virtsev's guests are of type 'hvm'", trimmed(type)));
  }
  const std::string arch = attribute(type, "arch").value_or("x86_64");
  if (arch != "x86_64") {
    refuse(ErrorCode::kConfigUnsupported, type, text("arch='{}' is not offered; write arch='x86_64'", arch));
  }
  const std::string machine = attribute(type, "machine").value_or(kMachineName);
  if (machine != kMachineName && machine != kMachineAlias) {
    refuse(ErrorCode::kConfigUnsupported, type,
           text("machine='{}' is not offered; write machine='{}'", machine, kMachineAlias));
  }
  definition.os.machine = kMachineName;
  remove_attribute(type, "arch");
  remove_attribute(type, "machine");
  set_attribute(type, "arch", arch);
  set_attribute(type, "machine", kMachineName);
  set_content(type, "hvm");
}

/// Written by tools where firmware is not to ask what to boot.
bool stands_for_nothing(const xmlNode* element) {
  return is_element(element, "bootmenu") && attribute(element, "enable") == "no";
}

/// Firmware (OVMF), and what only firmware has.
void refuse_firmware(xmlNode* os) {
  const auto reason = [] {
    return text(
        "booting firmware is not there yet; name the guest's kernel in <kernel> and <initrd> instead, all of "
        "which is measured");
  };
  if (attribute(os, "firmware")) {
    refuse(ErrorCode::kConfigUnsupported, os,
           text("firmware='{}': {}", *attribute(os, "firmware"), reason()));
  }
  for (const char* name : {"loader", "nvram", "varstore", "firmware", "bios", "bootmenu"}) {
    const xmlNode* element = only_child(os, name);
    if (element != nullptr && !stands_for_nothing(element)) {
      refuse(ErrorCode::kConfigUnsupported, element, reason());
    }
  }
}

void refuse_what_changes_tables(xmlNode* os) {
  if (const xmlNode* acpi = only_child(os, "acpi")) {
    refuse(ErrorCode::kConfigUnsupported, acpi,
           text("virtsev's ACPI tables are fixed and measured; remove the element"));
  }
  if (const xmlNode* smbios = only_child(os, "smbios")) {
    refuse(ErrorCode::kConfigUnsupported, smbios,
           text("virtsev gives its guests no SMBIOS tables; remove the element"));
  }
}

/// Empty where the element is not there.
std::string read_path(xmlNode* os, const char* name) {
  xmlNode* element = only_child(os, name);
  if (element == nullptr) {
    return {};
  }
  std::string path = trimmed(element);
  if (!path.starts_with('/')) {
    refuse(ErrorCode::kXmlError, element,
           text("'{}' is no absolute path; write one that begins with /", path));
  }
  if (path.size() > kMaxPath) {
    refuse(ErrorCode::kXmlError, element, text("the path is longer than {} bytes", kMaxPath));
  }
  set_content(element, path);
  return path;
}

}  // namespace

void read_os(xmlNode* domain, DomainDefinition& definition) {
  xmlNode* os = only_child(domain, "os");
  if (os == nullptr) {
    refuse(ErrorCode::kXmlError, domain, text("it does not say what to boot; add <os>"));
  }
  refuse_firmware(os);
  refuse_what_changes_tables(os);
  allow_only(os, {"type", "kernel", "initrd", "cmdline", "boot", "bootmenu"});
  read_type(os, definition);
  definition.os.kernel = read_path(os, "kernel");
  definition.os.initrd = read_path(os, "initrd");
  if (definition.os.kernel.empty()) {
    refuse(ErrorCode::kConfigUnsupported, os,
           text("it names no kernel, and booting one directly is all there is yet; add "
                "<kernel>/path/of/vmlinuz</kernel>"));
  }
  if (const xmlNode* command_line = only_child(os, "cmdline")) {
    definition.os.command_line = content(command_line);
    if (definition.os.command_line.size() >= kMaxCommandLine) {
      refuse(ErrorCode::kConfigUnsupported, command_line,
             text("the kernel reads a command line of at most {} bytes; this one has {}", kMaxCommandLine - 1,
                  definition.os.command_line.size()));
    }
  }
  put_in_order(os, {"type", "kernel", "initrd", "cmdline", "boot", "bootmenu"});
}

}  // namespace virtsev::domain_xml
