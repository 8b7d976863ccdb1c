// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain-xml/network_plug.hpp"

#include <algorithm>

#include "domain-xml/domain_definition.hpp"
#include "domain-xml/xml/document.hpp"
#include "domain-xml/xml/node.hpp"
#include "domain-xml/xml/writer.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

constexpr std::size_t kMaxDeviceName = 15;  // IFNAMSIZ of Linux, without the NUL

[[noreturn]] void refuse(const NetworkPlug& port, const std::string& reason) {
  throw Error(ErrorCode::kConfigUnsupported,
              text("the network '{}' {}, which virtsev does not do; choose another network, or another port "
                   "group of it",
                   port.network, reason));
}

/// What a network can ask of who plugs the interface in, and nobody does.
void refuse_what_nobody_does(const xmlNode* root, const NetworkPlug& port) {
  if (!children_named(root, "vlan").empty()) {
    refuse(port, text("puts its interfaces into VLANs (<vlan>)"));
  }
  if (!children_named(root, "virtualport").empty()) {
    refuse(port, text("is of Open vSwitch or its like (<virtualport>)"));
  }
  if (!children_named(root, "bandwidth").empty()) {
    refuse(port, text("limits the bandwidth of its interfaces (<bandwidth>)"));
  }
  for (const xmlNode* options : children_named(root, "port")) {
    if (attribute(options, "isolated") == "yes") {
      refuse(port, text("keeps its interfaces from each other (<port isolated='yes'/>)"));
    }
  }
}

/// Who reads the error did not write that XML.
Document document_of(const std::string& xml, const NetworkPlug& port) {
  try {
    return read_document(xml);
  } catch (const Error& error) {
    throw Error(ErrorCode::kXmlError,
                text("what libvirt's network daemon says of a port of the network '{}' can't be used: {}",
                     port.network, error.what()));
  }
}

}  // namespace

bool is_device_name(const std::string& name) {
  return !name.empty() && name.size() <= kMaxDeviceName && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~' && c != '/'; });
}

std::string format_port_request(const DomainDefinition& domain, const InterfaceDefinition& interface,
                                const Uuid& port) {
  const Document document = read_document("<networkport/>");
  xmlNode* root = xmlDocGetRootElement(document.get());
  set_content(add_element(root, "uuid"), format_uuid(port));
  xmlNode* owner = add_element(root, "owner");
  set_content(add_element(owner, "name"), domain.name);
  set_content(add_element(owner, "uuid"), format_uuid(domain.uuid));
  if (!interface.port_group.empty()) {
    set_content(add_element(root, "group"), interface.port_group);
  }
  set_attribute(add_element(root, "mac"), "address", format_mac(interface.mac));
  return write_element(root);
}

void read_port_made(const std::string& xml, NetworkPlug& port) {
  const Document document = document_of(xml, port);
  const xmlNode* root = xmlDocGetRootElement(document.get());
  const xmlNode* plug = is_element(root, "networkport") ? only_child(root, "plug") : nullptr;
  const std::string type = attribute(plug, "type").value_or("");
  port.bridge = attribute(plug, "bridge").value_or("");
  port.host_bridge = type == "bridge";
  if (plug == nullptr) {
    throw Error(ErrorCode::kXmlError,
                text("the network '{}' does not say how an interface is plugged into it: libvirt's network "
                     "daemon answers with something else than a <networkport> with a <plug>",
                     port.network));
  }
  refuse_what_nobody_does(root, port);
  if (type != "network" && !port.host_bridge) {
    refuse(port, text("gives its interfaces devices of the host in the place of a bridge (<plug type='{}'>)",
                      type));
  }
  if (!is_device_name(port.bridge)) {
    throw Error(ErrorCode::kXmlError,
                text("the network '{}' names a bridge that can't be one", port.network));
  }
}

}  // namespace virtsev::domain_xml
