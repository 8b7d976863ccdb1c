// SPDX-License-Identifier: LGPL-2.1-or-later
// <devices>: what there is, what tools write unasked, and what is not there yet.
#include <algorithm>
#include <array>
#include <map>

#include "domain-xml/elements/elements.hpp"
#include "domain-xml/parts/device_parts.hpp"
#include "domain-xml/parts/parts.hpp"
#include "domain-xml/parts/pci_addresses.hpp"
#include "domain-xml/rules/rules.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

std::string reason_against(const xmlNode* device) {
  if (is_element(device, "filesystem")) {
    return text("file systems of the host are not there yet; give the guest a disk, and remove the element");
  }
  return text("this device is not there yet; remove the element");
}

/// What tools write unasked. It is kept, and gives the guest nothing as long as no device needs it.
struct Accepted {
  std::string_view name;
  const char* attribute;  ///< Which one says what kind it is
  std::initializer_list<std::string_view> kinds;
  std::initializer_list<std::string_view> elements;
};

// An array of its own: copies of these would outlive their lists.
const Accepted kAccepted[] = {
    {"controller",
     "type",
     {"pci", "usb", "sata", "ide", "fdc", "scsi", "virtio-serial", "ccid"},
     {"driver", "model", "target", "master", "address", "alias", "pcihole64"}},
    {"input", "type", {"keyboard", "mouse", "tablet"}, {"driver", "address", "alias"}},
    {"memballoon",
     "model",
     {"none", "virtio", "virtio-transitional", "virtio-non-transitional"},
     {"driver", "stats", "address", "alias"}},
};

void check_accepted(xmlNode* device, const Accepted& accepted, Problems& problems) {
  const std::optional<std::string> kind = attribute(device, accepted.attribute);
  if (!kind) {
    problems.add(ErrorCode::kXmlError, device,
                 text("its attribute '{}' is missing; add it, or remove the element", accepted.attribute));
  } else if (std::find(accepted.kinds.begin(), accepted.kinds.end(), *kind) == accepted.kinds.end()) {
    problems.add(ErrorCode::kConfigUnsupported, device,
                 text("{}='{}' is not there; remove the element", accepted.attribute, *kind));
    return;
  }
  allow_only(device, accepted.elements, problems);
}

void check_device(xmlNode* device, Problems& problems) {
  for (const char* read_elsewhere :
       {"serial", "console", "channel", "emulator", "disk", "interface", "rng", "panic"}) {
    if (is_element(device, read_elsewhere)) {
      return;
    }
  }
  if (is_for_a_screen(device)) {
    return;
  }
  for (const Accepted& accepted : kAccepted) {
    if (is_element(device, accepted.name)) {
      return check_accepted(device, accepted, problems);
    }
  }
  const bool missing =
      device->ns == nullptr && find_row("devices/" + name_of(device)) != nullptr;  // Not there yet
  problems.add(ErrorCode::kConfigUnsupported, device,
               missing ? reason_against(device) : text("virtsev does not know this element here; remove it"));
}

/// What is on the PCI bus, in the document's order: definitions first, so that they stay where they are.
void read_pci_devices(xmlNode* devices, DomainDefinition& definition, Problems& problems) {
  for (xmlNode* device : child_elements(devices)) {
    if (is_element(device, "disk")) {
      definition.disks.push_back(read_disk(device, problems));
    } else if (is_element(device, "interface")) {
      definition.interfaces.push_back(read_interface(device, problems));
    } else if (is_element(device, "rng")) {
      definition.entropy.push_back(read_entropy(device, problems));
    } else if (is_element(device, "panic")) {
      const PanicDefinition panic = read_panic(device, problems);
      if (definition.panic) {
        problems.add(ErrorCode::kConfigUnsupported, device,
                     text("a guest has one device to say that it panicked; remove the element"));
      }
      definition.panic = definition.panic.value_or(panic);
    } else if (is_root_port(device)) {
      definition.root_ports.push_back(read_root_port(device, problems));
    }
  }
  const xmlNode* port_controller = read_port_controller(devices, definition, problems);
  PciAddresses addresses;
  auto disk = definition.disks.begin();
  auto interface = definition.interfaces.begin();
  auto entropy = definition.entropy.begin();
  auto port = definition.root_ports.begin();
  for (xmlNode* device : child_elements(devices)) {
    if (device == port_controller) {
      addresses.add(device, {definition.port_controller->slot, nullptr}, problems);
    } else if (is_element(device, "disk")) {
      if (!disk->path.empty() || disk->is_volume()) {
        addresses.add(device, {disk->slot, &disk->port}, problems);
      }
      ++disk;
    } else if (is_element(device, "interface")) {
      addresses.add(device, {interface->slot, &interface->port}, problems);
      ++interface;
    } else if (is_element(device, "rng")) {
      addresses.add(device, {entropy->slot, &entropy->port}, problems);
      ++entropy;
    } else if (is_element(device, "panic")) {
      addresses.add(device, {definition.panic->slot, nullptr}, problems);
    } else if (is_root_port(device)) {
      addresses.add(device, *port++, problems);
    }
  }
  addresses.assign(problems);
}

/// Calls find a disk by its name.
void check_targets(const xmlNode* devices, const DomainDefinition& definition, Problems& problems) {
  const std::vector<xmlNode*> disks = children_named(devices, "disk");
  std::map<std::string, const xmlNode*> first;
  for (std::size_t i = 0; i < disks.size(); ++i) {
    const std::string& name = definition.disks[i].target;
    const auto [found, is_first] = first.emplace(name, disks[i]);
    if (!name.empty() && !is_first) {
      problems.add(ErrorCode::kXmlError, disks[i],
                   text("the disk in line {} has the name '{}' already; give this one another, or remove "
                        "the element",
                        xmlGetLineNo(found->second), name));
    }
  }
}

}  // namespace

std::string alias_of(const xmlNode* device, Problems& problems) {
  return attribute(only_child(device, "alias", problems), "name").value_or("");
}

void remove_given_alias(xmlNode* device) {
  for (xmlNode* alias : children_named(device, "alias")) {
    if (!attribute(alias, "name").value_or("").starts_with("ua-")) {
      remove(alias);
    }
  }
}

bool switched(const xmlNode* element, const char* name, bool otherwise) {
  const std::optional<std::string> written = attribute(element, name);
  if (written == "on" || written == "yes") {
    return true;
  }
  return written == "off" || written == "no" ? false : otherwise;
}

std::uint64_t number_in(const xmlNode* element, const char* name, std::uint64_t least, std::uint64_t most,
                        std::uint64_t otherwise, Problems& problems) {
  const std::optional<std::string> written = attribute(element, name);
  if (!written) {
    return otherwise;
  }
  const std::optional<std::uint64_t> number = parse_number(*written);
  if (!number || *number < least || *number > most) {
    problems.add(ErrorCode::kXmlError, element,
                 text("{}='{}' is not a number from {} to {}; write one, or remove the attribute", name,
                      *written, least, most));
    return otherwise;
  }
  return *number;
}

void read_devices(xmlNode* domain, DomainDefinition& definition, bool keep_aliases, Problems& problems) {
  xmlNode* devices = only_child(domain, "devices", problems);
  if (devices == nullptr) {
    devices = add_element(domain, "devices");
  }
  elements_only(devices, problems);
  for (xmlNode* device : child_elements(devices)) {
    if (!keep_aliases) {
      remove_given_alias(device);
    }
    check_device(device, problems);
  }
  only_child(devices, "emulator", problems);
  only_child(devices, "memballoon", problems);
  read_serials(devices, definition, problems);
  read_ports(devices, definition, problems);
  read_pci_devices(devices, definition, problems);
  check_targets(devices, definition, problems);
  put_in_order(devices, {"emulator", "disk", "controller", "interface", "smartcard", "serial", "console",
                         "channel", "input", "graphics", "sound", "audio", "video", "redirdev", "redirfilter",
                         "hub", "memballoon", "rng", "panic"});
}

}  // namespace virtsev::domain_xml
