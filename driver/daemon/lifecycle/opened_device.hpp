// SPDX-License-Identifier: LGPL-2.1-or-later
// What a device that comes to a running guest has of the host, while it is on its way.
#pragma once

#include <string>

#include "domain-xml/domain_definition.hpp"
#include "driver/daemon/libvirt/network_ports.hpp"
#include "driver/daemon/network/host_links.hpp"
#include "driver/spec-from-xml/virtsev/open_disks.hpp"

namespace virtsev::daemon {

/// What a new device has of the host.
struct OpenedDevice {
  domain_xml::DiskDefinition found_disk;            ///< With the path of its volume, where it is one
  domain_xml::InterfaceDefinition found_interface;  ///< With the bridge of its network, where it is on one
  NetworkPorts network_ports;                       ///< That one's port
  std::string volume_path;
  spec::OpenedDisk disk;
  HostLink link;
};

}  // namespace virtsev::daemon
