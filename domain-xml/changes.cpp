// SPDX-License-Identifier: LGPL-2.1-or-later
// What `virsh setvcpus`, `setmem`, `setmaxmem` and `set-lifecycle-action` change of a stored definition.
#include <algorithm>
#include <string_view>

#include "domain-xml/domain_definition.hpp"
#include "domain-xml/firmware_choice.hpp"
#include "domain-xml/parts/parts.hpp"
#include "domain-xml/xml/document.hpp"
#include "domain-xml/xml/node.hpp"
#include "domain-xml/xml/writer.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/machine/machine_version.hpp"

namespace virtsev::domain_xml {
namespace {

/// Of a normalised document: the element is there.
void write_kib(xmlNode* domain, const char* name, std::uint64_t bytes) {
  xmlNode* element = only_child(domain, name);
  set_attribute(element, "unit", "KiB");
  set_content(element, std::to_string(bytes >> 10));
}

DomainDefinition parse_changed(const xmlNode* domain, bool sev_es_relaunch) {
  ParseOptions options;
  options.allow_unprotected = true;
  options.sev_es_relaunch = sev_es_relaunch;
  options.stored = true;
  options.keep_aliases = true;  // A stored document has the user's own alone
  return parse(write_element(domain), options);
}

/// The one of these whose attribute `name` is `value`, or null.
xmlNode* find_with(xmlNode* parent, const char* element, const char* name, const std::string& value) {
  for (xmlNode* each : children_named(parent, element)) {
    if (attribute(each, name) == value) {
      return each;
    }
  }
  return nullptr;
}

xmlNode* only_or_added(xmlNode* parent, const char* name) {
  xmlNode* element = only_child(parent, name);
  return element != nullptr ? element : add_element(parent, name);
}

/// `element`: of <cputune>, or null; what is empty goes.
void write_pin(xmlNode* cputune, xmlNode* element, const CpuSet& cpus) {
  if (!cpus.empty()) {
    set_attribute(element, "cpuset", format_cpu_set(cpus));
    return;
  }
  if (element != nullptr) {
    remove(element);
  }
  if (child_elements(cputune).empty()) {
    remove(cputune);
  }
}

}  // namespace

// What was taken when it was defined is not asked again, whatever the site's settings are now.
DomainDefinition parse_again(const xmlNode* domain) { return parse_changed(domain, true); }

DomainDefinition with_loader(const DomainDefinition& definition, const std::string& path) {
  const Document document = read_document(definition.document);
  xmlNode* domain = xmlDocGetRootElement(document.get());
  xmlNode* loader = add_element(only_child(domain, "os"), "loader");
  set_attribute(loader, "readonly", "yes");
  set_attribute(loader, "type", "rom");
  set_content(loader, path);
  return parse_again(domain);
}

DomainDefinition with_vcpus(const DomainDefinition& definition, std::uint32_t count) {
  if (count == 0 || count > machine::kLimits.vcpus) {
    throw Error(ErrorCode::kInvalidArgument,
                text("invalid argument: a guest has 1 to {} vCPUs, not {}", machine::kLimits.vcpus, count));
  }
  const Document document = read_document(definition.document);
  xmlNode* domain = xmlDocGetRootElement(document.get());
  set_content(only_child(domain, "vcpu"), std::to_string(count));
  // Says of each vCPU by its number what is no question here: all of them are there from the start.
  for (xmlNode* each : children_named(domain, "vcpus")) {
    remove(each);
  }
  return parse_again(domain);
}

DomainDefinition with_memory(const DomainDefinition& definition, std::uint64_t kib) {
  if (kib < machine::kLimits.least_memory >> 10 || kib > machine::kLimits.most_memory >> 10) {
    throw Error(ErrorCode::kInvalidArgument,
                text("invalid argument: a guest has {} to {} KiB of memory, not {}",
                     machine::kLimits.least_memory >> 10, machine::kLimits.most_memory >> 10, kib));
  }
  const Document document = read_document(definition.document);
  xmlNode* domain = xmlDocGetRootElement(document.get());
  write_kib(domain, "memory", kib << 10);
  write_kib(domain, "currentMemory", std::min(kib << 10, definition.current_memory_bytes));
  return parse_again(domain);
}

DomainDefinition with_current_memory(const DomainDefinition& definition, std::uint64_t kib) {
  if (kib > definition.memory_bytes >> 10) {
    throw Error(ErrorCode::kInvalidArgument,
                text("invalid argument: cannot set memory higher than max memory"));
  }
  const Document document = read_document(definition.document);
  xmlNode* domain = xmlDocGetRootElement(document.get());
  write_kib(domain, "currentMemory", kib << 10);
  return parse_again(domain);
}

DomainDefinition with_vcpu_pin(const DomainDefinition& definition, std::uint32_t vcpu, const CpuSet& cpus) {
  const Document document = read_document(definition.document);
  xmlNode* domain = xmlDocGetRootElement(document.get());
  xmlNode* cputune = only_or_added(domain, "cputune");
  xmlNode* pin = find_with(cputune, "vcpupin", "vcpu", std::to_string(vcpu));
  if (pin == nullptr && !cpus.empty()) {
    pin = add_element(cputune, "vcpupin");
    set_attribute(pin, "vcpu", std::to_string(vcpu));
  }
  write_pin(cputune, pin, cpus);
  return parse_again(domain);
}

DomainDefinition with_emulator_pin(const DomainDefinition& definition, const CpuSet& cpus) {
  const Document document = read_document(definition.document);
  xmlNode* domain = xmlDocGetRootElement(document.get());
  xmlNode* cputune = only_or_added(domain, "cputune");
  xmlNode* pin = only_child(cputune, "emulatorpin");
  write_pin(cputune, pin == nullptr && !cpus.empty() ? add_element(cputune, "emulatorpin") : pin, cpus);
  return parse_again(domain);
}

DomainDefinition with_lifecycle_action(const DomainDefinition& definition, const char* element,
                                       const std::string& action, bool sev_es_relaunch) {
  const Document document = read_document(definition.document);
  xmlNode* domain = xmlDocGetRootElement(document.get());
  set_content(only_or_added(domain, element), action);
  return parse_changed(domain, sev_es_relaunch || std::string_view(element) != "on_reboot");
}

}  // namespace virtsev::domain_xml
