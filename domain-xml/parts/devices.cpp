// SPDX-License-Identifier: LGPL-2.1-or-later
// <devices>: what there is, what tools write unasked, and what is not there yet.
#include <array>

#include "domain-xml/parts/parts.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

/// libvirt's devices that virtsev does not have yet; domaincommon.rng, "devices".
constexpr std::array<std::string_view, 27> kMissing = {
    "disk",        "lease", "filesystem", "interface", "sound",     "audio",        "hostdev",
    "graphics",    "video", "parallel",   "channel",   "smartcard", "hub",          "redirdev",
    "redirfilter", "rng",   "tpm",        "shmem",     "memory",    "watchdog",     "nvram",
    "panic",       "iommu", "vsock",      "crypto",    "pstore",    "throttlegroup"};

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
  return is_element(device, "video") && attribute(only_child(device, "model"), "type") == "none";
}

void check_kind(const xmlNode* device, const char* attribute_name,
                std::initializer_list<std::string_view> kinds) {
  const std::optional<std::string> kind = attribute(device, attribute_name);
  for (const std::string_view each : kinds) {
    if (kind == each) {
      return;
    }
  }
  if (!kind) {
    refuse(ErrorCode::kXmlError, device,
           text("its attribute '{}' is missing; add it, or remove the element", attribute_name));
  }
  refuse(ErrorCode::kConfigUnsupported, device,
         text("{}='{}' is not there; remove the element", attribute_name, *kind));
}

/// What tools write unasked. It is kept, and gives the guest nothing as long as no device needs it.
bool is_accepted(xmlNode* device) {
  if (is_element(device, "emulator")) {
    return true;
  }
  if (is_element(device, "controller")) {
    allow_only(device, {"driver", "model", "target", "master", "address", "alias", "pcihole64"});
    check_kind(device, "type", {"pci", "usb", "sata", "ide", "fdc", "scsi", "virtio-serial", "ccid"});
    return true;
  }
  if (is_element(device, "input")) {
    allow_only(device, {"driver", "address", "alias"});
    check_kind(device, "type", {"keyboard", "mouse", "tablet"});
    return true;
  }
  if (is_element(device, "memballoon")) {
    allow_only(device, {"driver", "stats", "address", "alias"});
    check_kind(device, "model", {"none", "virtio", "virtio-transitional", "virtio-non-transitional"});
    return true;
  }
  return stands_for_nothing(device);
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

void read_devices(xmlNode* domain, DomainDefinition& definition) {
  xmlNode* devices = only_child(domain, "devices");
  if (devices == nullptr) {
    devices = add_element(domain, "devices");
  }
  elements_only(devices);
  for (xmlNode* device : child_elements(devices)) {
    remove_given_alias(device);
    if (is_element(device, "serial") || is_element(device, "console") || is_accepted(device)) {
      continue;
    }
    for (const std::string_view name : kMissing) {
      if (is_element(device, name)) {
        refuse(ErrorCode::kConfigUnsupported, device, reason_against(device));
      }
    }
    refuse(ErrorCode::kConfigUnsupported, device, text("virtsev does not know this element here; remove it"));
  }
  only_child(devices, "emulator");
  only_child(devices, "memballoon");
  read_serials(devices, definition);
  put_in_order(devices,
               {"emulator", "controller", "serial", "console", "input", "audio", "video", "memballoon"});
}

}  // namespace virtsev::domain_xml
