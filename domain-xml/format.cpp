// SPDX-License-Identifier: LGPL-2.1-or-later
// From a definition back to XML; of a running domain, with what is known only while it runs.
#include "domain-xml/domain_definition.hpp"
#include "domain-xml/parts/device_parts.hpp"
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

void set_alias(xmlNode* device, const std::string& alias) {
  for (xmlNode* old : children_named(device, "alias")) {
    remove(old);
  }
  set_attribute(add_element(device, "alias"), "name", alias);
}

void add_console_state(xmlNode* device, const std::string& path, const std::string& alias) {
  if (!path.empty()) {
    set_attribute(add_element(device, "source"), "path", path);
  }
  set_alias(device, alias);
  put_in_order(device, {"source", "log", "target", "alias"});
}

void add_serial_state(xmlNode* devices, const SerialPort& port, const LiveState& live) {
  for (const char* name : {"serial", "console"}) {
    for (xmlNode* device : children_named(devices, name)) {
      if (is_port(device)) {
        continue;
      }
      add_console_state(device, live.console_path, alias_in_use(port, 0));
      if (is_element(device, "console") && !live.console_path.empty()) {
        set_attribute(device, "tty", live.console_path);
      }
    }
  }
}

void add_port_state(xmlNode* device, const PortDefinition& port, const LiveState::Port* live) {
  if (live != nullptr && !live->path.empty()) {
    const std::vector<xmlNode*> written = children_named(device, "source");
    xmlNode* source = written.empty() ? add_element(device, "source") : written.front();
    if (port.socket) {
      set_attribute(source, "mode", "bind");
    }
    set_attribute(source, "path", live->path);
    if (port.console) {
      set_attribute(device, "tty", live->path);
    }
  }
  if (live != nullptr && !port.console) {
    set_attribute(only_child(device, "target"), "state", live->open ? "connected" : "disconnected");
  }
  set_alias(device, alias_in_use(port));
  put_in_order(device, {"source", "target", "alias", "address"});
}

/// Consoles, then channels, as they were read.
void add_ports_state(const xmlNode* devices, const DomainDefinition& definition, const LiveState& live) {
  std::size_t next = 0;
  for (const char* name : {"console", "channel"}) {
    for (xmlNode* device : children_named(devices, name)) {
      if (is_port(device) && next < definition.ports.size()) {
        add_port_state(device, definition.ports[next],
                       next < live.ports.size() ? &live.ports[next] : nullptr);
        ++next;
      }
    }
  }
  for (xmlNode* controller : children_named(devices, "controller")) {
    if (attribute(controller, "type") == "virtio-serial" && definition.port_controller) {
      set_alias(controller, alias_in_use(*definition.port_controller));
      put_in_order(controller, {"model", "driver", "alias", "address"});
    }
  }
}

void add_tap(xmlNode* interface, const std::string& name) {
  const std::vector<xmlNode*> written = children_named(interface, "target");
  set_attribute(written.empty() ? add_element(interface, "target") : written.front(), "dev", name);
}

/// As libvirt shows it: an interface on a network that stands for a bridge of the host is one on that bridge.
void add_port(xmlNode* interface, const NetworkPlug& port) {
  xmlNode* source = only_child(interface, "source");
  if (source == nullptr) {
    return;
  }
  set_attribute(source, "portid", format_uuid(port.uuid));
  set_attribute(source, "bridge", port.bridge);
  if (port.host_bridge) {
    set_attribute(interface, "type", "bridge");
  }
}

/// The document's elements of one name are in the order of the definitions read from them.
template <typename Definitions>
void add_aliases(const xmlNode* devices, const char* element, const Definitions& definitions) {
  const std::vector<xmlNode*> all = children_named(devices, element);
  for (std::size_t i = 0; i < all.size() && i < definitions.size(); ++i) {
    set_alias(all[i], alias_in_use(definitions[i], i));
  }
}

void add_bus_state(const xmlNode* devices, const DomainDefinition& definition, const LiveState& live) {
  add_aliases(devices, "disk", definition.disks);
  add_aliases(devices, "interface", definition.interfaces);
  add_aliases(devices, "rng", definition.entropy);
  for (xmlNode* panic : children_named(devices, "panic")) {
    set_alias(panic, alias_in_use(definition.panic.value_or(PanicDefinition{})));
  }
  const std::vector<xmlNode*> interfaces = children_named(devices, "interface");
  for (std::size_t i = 0; i < interfaces.size() && i < live.taps.size(); ++i) {
    if (!live.taps[i].empty()) {
      add_tap(interfaces[i], live.taps[i]);
    }
  }
  for (std::size_t i = 0; i < interfaces.size() && i < definition.interfaces.size(); ++i) {
    if (const auto port = live.network_ports.find(place_of(definition.interfaces[i]));
        port != live.network_ports.end()) {
      add_port(interfaces[i], port->second);
    }
  }
}

void add_live_state(xmlNode* domain, const DomainDefinition& definition, const LiveState& live) {
  set_attribute(domain, "id", std::to_string(live.id));
  if (xmlNode* security = only_child(domain, "launchSecurity")) {
    fill_in(security, "cbitpos", live.c_bit_position);
    fill_in(security, "reducedPhysBits", live.reduced_phys_bits);
    put_in_order(security, {"cbitpos", "reducedPhysBits"});
  }
  xmlNode* devices = only_child(domain, "devices");
  add_bus_state(devices, definition, live);
  add_ports_state(devices, definition, live);
  if (!definition.serials.empty()) {
    add_serial_state(devices, definition.serials[0], live);
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
