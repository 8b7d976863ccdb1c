// SPDX-License-Identifier: LGPL-2.1-or-later
// <devices>: what there is, what tools write unasked, and what is not there yet.
#include <algorithm>
#include <array>

#include "domain-xml/elements/elements.hpp"
#include "domain-xml/parts/parts.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

std::string reason_against(const xmlNode* device) {
  if (is_element(device, "disk") || is_element(device, "filesystem")) {
    return text(
        "disks and file systems are not there yet: the guest runs from its <kernel> and <initrd>; remove the "
        "element");
  }
  if (is_element(device, "interface")) {
    return text("network interfaces are not there yet; remove the element (virt-install: --network none)");
  }
  if (is_element(device, "graphics") || is_element(device, "video") || is_element(device, "sound")) {
    return text(
        "virtsev's guests have a text console, no screen and no sound; remove the element (virt-install: "
        "--graphics none)");
  }
  if (is_element(device, "rng")) {
    return text(
        "this device is not there yet; remove the element, the guest has RDRAND of its CPU (virt-install: "
        "--rng "
        "none)");
  }
  if (is_element(device, "channel")) {
    return text("channels to the host, the guest agent's among them, are not there yet; remove the element");
  }
  return text("this device is not there yet; remove the element");
}

/// Written by tools and by libvirt's QEMU driver where there is nothing: <video><model type='none'/>, <audio
/// type='none'/>.
bool stands_for_nothing(const xmlNode* device) {
  if (is_element(device, "audio")) {
    return attribute(device, "type") == "none";
  }
  const std::vector<xmlNode*> models = children_named(device, "model");
  return is_element(device, "video") && models.size() == 1 && attribute(models[0], "type") == "none";
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
  if (is_element(device, "serial") || is_element(device, "console") || is_element(device, "emulator") ||
      stands_for_nothing(device)) {
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

/// libvirt gives these names when a domain starts; only the user's own ("ua-") are part of a definition.
void remove_given_alias(xmlNode* device) {
  for (xmlNode* alias : children_named(device, "alias")) {
    if (!attribute(alias, "name").value_or("").starts_with("ua-")) {
      remove(alias);
    }
  }
}

}  // namespace

void read_devices(xmlNode* domain, DomainDefinition& definition, Problems& problems) {
  xmlNode* devices = only_child(domain, "devices", problems);
  if (devices == nullptr) {
    devices = add_element(domain, "devices");
  }
  elements_only(devices, problems);
  for (xmlNode* device : child_elements(devices)) {
    remove_given_alias(device);
    check_device(device, problems);
  }
  only_child(devices, "emulator", problems);
  only_child(devices, "memballoon", problems);
  read_serials(devices, definition, problems);
  put_in_order(devices,
               {"emulator", "controller", "serial", "console", "input", "audio", "video", "memballoon"});
}

}  // namespace virtsev::domain_xml
