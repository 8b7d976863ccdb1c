// SPDX-License-Identifier: LGPL-2.1-or-later
// From a definition back to XML; of a running domain, with what is known only while it runs.
#include "domain-xml/domain_definition.hpp"
#include "domain-xml/parts/parts.hpp"
#include "domain-xml/xml/document.hpp"
#include "domain-xml/xml/node.hpp"
#include "domain-xml/xml/writer.hpp"

namespace virtsev::domain_xml {
namespace {

void fill_in(xmlNode* security, const char* name, const std::optional<std::uint32_t>& value) {
  if (value && only_child(security, name) == nullptr) {
    set_content(add_element(security, name), std::to_string(*value));
  }
}

void add_console_state(xmlNode* device, const std::string& path, const std::string& alias) {
  if (!path.empty()) {
    set_attribute(add_element(device, "source"), "path", path);
  }
  for (xmlNode* old : children_named(device, "alias")) {
    remove(old);
  }
  set_attribute(add_element(device, "alias"), "name", alias);
  put_in_order(device, {"source", "log", "target", "alias"});
}

void add_live_state(xmlNode* domain, const DomainDefinition& definition, const LiveState& live) {
  set_attribute(domain, "id", std::to_string(live.id));
  if (xmlNode* security = only_child(domain, "launchSecurity")) {
    fill_in(security, "cbitpos", live.c_bit_position);
    fill_in(security, "reducedPhysBits", live.reduced_phys_bits);
    put_in_order(security, {"cbitpos", "reducedPhysBits"});
  }
  xmlNode* devices = only_child(domain, "devices");
  if (definition.serials.empty()) {
    return;
  }
  const std::string& own = definition.serials[0].alias;
  const std::string alias = own.empty() ? "serial0" : own;
  for (const char* name : {"serial", "console"}) {
    if (xmlNode* device = only_child(devices, name)) {
      add_console_state(device, live.console_path, alias);
    }
  }
  if (xmlNode* console = only_child(devices, "console"); console != nullptr && !live.console_path.empty()) {
    set_attribute(console, "tty", live.console_path);
  }
}

}  // namespace

std::string format(const DomainDefinition& definition, const LiveState* live) {
  if (live == nullptr) {
    return definition.document;
  }
  const Document document = read_document(definition.document);
  xmlNode* domain = xmlDocGetRootElement(document.get());
  add_live_state(domain, definition, *live);
  return write_element(domain);
}

}  // namespace virtsev::domain_xml
