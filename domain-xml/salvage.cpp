// SPDX-License-Identifier: LGPL-2.1-or-later
// A definition that was good once, when a domain was started from it, and no longer passes.
#include <functional>

#include "domain-xml/domain_definition.hpp"
#include "domain-xml/parts/parts.hpp"
#include "domain-xml/xml/document.hpp"
#include "domain-xml/xml/node.hpp"
#include "domain-xml/xml/problems.hpp"
#include "domain-xml/xml/writer.hpp"

namespace virtsev::domain_xml {
namespace {

using Part = std::function<void(xmlNode*, DomainDefinition&, Problems&)>;

/// One part, which may take itself for the only one: it has a tree of its own, and what it fills in before it
/// refuses is forgotten.
void read_part(const std::string& xml, DomainDefinition& definition, const Part& part) {
  DomainDefinition attempt = definition;
  try {
    const Document document = read_document(xml);
    Problems problems;
    part(xmlDocGetRootElement(document.get()), attempt, problems);
    if (problems.empty()) {
      definition = std::move(attempt);
    }
  } catch (const Error&) {
    return;  // It keeps its defaults
  }
}

std::string minimal_document(const Identity& identity) {
  const Document document = read_document("<domain type='kvm'/>");
  xmlNode* domain = xmlDocGetRootElement(document.get());
  set_content(add_element(domain, "name"), identity.name);
  set_content(add_element(domain, "uuid"), format_uuid(identity.uuid));
  add_element(domain, "devices");
  return write_element(domain);
}

bool is_domain(const xmlNode* domain) {
  return is_element(domain, "domain") && children_named(domain, "devices").size() == 1 &&
         children_named(domain, "launchSecurity").size() <= 1;
}

}  // namespace

DomainDefinition salvage(const std::string& xml, const Identity& identity) {
  DomainDefinition definition;
  definition.document = minimal_document(identity);
  const Part keep_document = [](xmlNode* domain, DomainDefinition& into, Problems&) {
    if (is_domain(domain)) {
      remove_attribute(domain, "id");
      into.document = write_element(domain);
    }
  };
  const Part devices = [](xmlNode* domain, DomainDefinition& into, Problems& problems) {
    if (xmlNode* parent = only_child(domain, "devices", problems)) {
      read_serials(parent, into, problems);
    }
  };
  for (const Part& part : {keep_document, Part(read_general), Part(read_launch_security), Part(read_memory),
                           Part(read_vcpus), Part(read_os), devices}) {
    read_part(xml, definition, part);
  }
  definition.name = identity.name;
  definition.uuid = identity.uuid;
  definition.reboot_chosen = true;
  definition.on_poweroff = definition.on_reboot = definition.on_crash = LifecycleAction::kDestroy;
  return definition;
}

}  // namespace virtsev::domain_xml
