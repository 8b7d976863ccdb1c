// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain-xml/live_devices.hpp"

#include <algorithm>

#include "domain-xml/given_device.hpp"
#include "domain-xml/parts/parts.hpp"
#include "domain-xml/parts/pci_addresses.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

using Kind = LiveDevice::Kind;

const char* element_of(Kind kind) {
  return kind == Kind::kDisk ? "disk" : kind == Kind::kInterface ? "interface" : "rng";
}

Kind kind_of(const xmlNode* element) {
  if (is_element(element, "disk")) {
    return Kind::kDisk;
  }
  return is_element(element, "interface") ? Kind::kInterface : Kind::kEntropy;
}

template <typename Definitions>
void add(std::vector<LiveDevice>& all, Kind kind, const Definitions& definitions) {
  for (std::size_t i = 0; i < definitions.size(); ++i) {
    all.push_back({kind, i, alias_in_use(definitions[i], i), definitions[i].port});
  }
}

std::vector<LiveDevice> devices_of(const DomainDefinition& definition) {
  std::vector<LiveDevice> all;
  add(all, Kind::kDisk, definition.disks);
  add(all, Kind::kInterface, definition.interfaces);
  add(all, Kind::kEntropy, definition.entropy);
  return all;
}

xmlNode* element_in(const Tree& tree, const LiveDevice& device) {
  return children_named(tree.devices, element_of(device.kind)).at(device.number);
}

void write_alias(xmlNode* element, const std::string& alias) {
  const std::vector<xmlNode*> written = children_named(element, "alias");
  set_attribute(written.empty() ? add_element(element, "alias") : written.front(), "name", alias);
}

void write_aliases(const Tree& tree, const std::vector<LiveDevice>& devices) {
  for (const LiveDevice& device : devices) {
    write_alias(element_in(tree, device), device.alias);
  }
}

/// The first given name of its kind that no device has.
std::string new_alias(Kind kind, const std::vector<LiveDevice>& devices) {
  const char* prefix = kind == Kind::kDisk ? "virtio-disk" : kind == Kind::kInterface ? "net" : "rng";
  for (std::size_t i = 0;; ++i) {
    const std::string alias = prefix + std::to_string(i);
    if (std::none_of(devices.begin(), devices.end(),
                     [&](const LiveDevice& device) { return device.alias == alias; })) {
      return alias;
    }
  }
}

bool is_empty(std::uint8_t port, const std::vector<LiveDevice>& devices) {
  return std::none_of(devices.begin(), devices.end(),
                      [&](const LiveDevice& device) { return device.port == port; });
}

/// A port whose slot is empty: the one that is asked for, or the first.
std::uint8_t choose_port(const DomainDefinition& definition, const xmlNode* element,
                         const std::vector<LiveDevice>& devices) {
  Problems problems;
  xmlNode* address = only_child(element, "address", problems);
  const AskedAddress asked = address == nullptr ? AskedAddress() : address_asked_by(address, problems);
  problems.throw_if_any();
  if (asked.slot != 0) {
    throw Error(ErrorCode::kOperationUnsupported,
                text("<{}>: devices on the root bus stay as they are while the guest runs; leave its "
                     "<address> out, and it comes behind a root port",
                     name_of(element)));
  }
  std::vector<std::uint8_t> ports;
  for (const RootPortDefinition& port : definition.root_ports) {
    if ((asked.port == 0 || asked.port == port.number) && is_empty(port.number, devices)) {
      ports.push_back(port.number);
    }
  }
  if (ports.empty()) {
    throw Error(ErrorCode::kOperationUnsupported,
                text("<{}>: the running guest has no empty slot for it: add <controller type='pci' "
                     "model='pcie-root-port'/> to the domain's <devices> with `virsh edit`, one for each "
                     "device that is "
                     "to come, and start the domain again",
                     name_of(element)));
  }
  return *std::min_element(ports.begin(), ports.end());
}

void write_port(xmlNode* element, std::uint8_t port) {
  for (xmlNode* address : children_named(element, "address")) {
    remove(address);
  }
  xmlNode* address = add_element(element, "address");
  set_attribute(address, "type", "pci");
  set_attribute(address, "bus", std::to_string(port));
  set_attribute(address, "slot", "0");
}

}  // namespace

LiveAttachment with_live_device(const DomainDefinition& definition, const std::string& device) {
  const GivenDevice given(device);
  given.require_new(definition);
  const std::vector<LiveDevice> devices = devices_of(definition);
  const Tree tree(definition.document);
  write_aliases(tree, devices);
  xmlNode* element = copy_into(tree.devices, given.element);
  LiveDevice added{kind_of(element), 0, {}, choose_port(definition, element, devices)};
  write_port(element, added.port);
  if (xmlNode* alias = only_child(element, "alias")) {
    added.alias = attribute(alias, "name").value_or("");
    if (device_of_alias(definition, added.alias)) {
      throw Error(ErrorCode::kOperationInvalid,
                  text("the domain has a device with the alias '{}' already", added.alias));
    }
  } else {
    added.alias = new_alias(added.kind, devices);
    write_alias(element, added.alias);
  }
  LiveAttachment attachment{parse_again(tree.domain), added};
  const auto found = device_of_alias(attachment.definition, added.alias);
  if (!found || found->port != added.port) {
    throw Error(ErrorCode::kOperationUnsupported,
                text("<{}>: a drive without a disc is nothing that could come to a running guest",
                     name_of(given.element)));
  }
  attachment.device = *found;
  if (found->kind == Kind::kDisk && attachment.definition.disks[found->number].threads) {
    throw Error(ErrorCode::kOperationUnsupported,
                text("<disk>: io='threads' is for disks that a guest is started with; leave it out"));
  }
  return attachment;
}

LiveDevice live_device(const DomainDefinition& definition, const std::string& device) {
  const GivenDevice given(device);
  const std::size_t number = given.number_in(definition);
  for (LiveDevice& each : devices_of(definition)) {
    if (each.kind == kind_of(given.element) && each.number == number) {
      return std::move(each);
    }
  }
  throw Error(ErrorCode::kInternal, text("<{}>: the domain has none such", name_of(given.element)));
}

std::optional<LiveDevice> device_of_alias(const DomainDefinition& definition, const std::string& alias) {
  for (LiveDevice& each : devices_of(definition)) {
    if (each.alias == alias) {
      return std::move(each);
    }
  }
  return std::nullopt;
}

std::vector<LiveDevice> devices_in_slots(const DomainDefinition& definition) {
  std::vector<LiveDevice> devices = devices_of(definition);
  std::erase_if(devices, [](const LiveDevice& device) { return device.port == 0; });
  return devices;
}

DomainDefinition without_live_device(const DomainDefinition& definition, const LiveDevice& device) {
  const Tree tree(definition.document);
  write_aliases(tree, devices_of(definition));
  remove(element_in(tree, device));
  return parse_again(tree.domain);
}

}  // namespace virtsev::domain_xml
