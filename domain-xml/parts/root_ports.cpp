// SPDX-License-Identifier: LGPL-2.1-or-later
// <controller type='pci' model='pcie-root-port'>, as libvirt's QEMU guests have it: each has a slot, into
// which a device comes, and out of which it goes, while the guest runs.
#include "domain-xml/parts/device_parts.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/machine/device_limits.hpp"

namespace virtsev::domain_xml {

bool is_root_port(const xmlNode* device) {
  if (!is_element(device, "controller") || attribute(device, "type") != "pci" ||
      attribute(device, "model") != "pcie-root-port") {
    return false;
  }
  const std::vector<xmlNode*> targets = children_named(device, "target");
  return targets.empty() || attribute(targets.front(), "hotplug") != "off";
}

RootPortDefinition read_root_port(const xmlNode* controller, Problems& problems) {
  RootPortDefinition port;
  port.number =
      static_cast<std::uint8_t>(number_in(controller, "index", 1, machine::kMaxRootPorts, 0, problems));
  return port;
}

}  // namespace virtsev::domain_xml
