// SPDX-License-Identifier: LGPL-2.1-or-later
// A port of one of libvirt's networks, in libvirt's own XML (<networkport>): how an interface is on a
// network.
#pragma once

#include <string>

#include "sevcore/base/bytes.hpp"

namespace virtsev::domain_xml {

struct DomainDefinition;
struct InterfaceDefinition;

using Uuid = ByteArray<16>;

struct NetworkPlug {
  Uuid uuid{};
  std::string network;  ///< Its name
  Uuid network_uuid{};
  std::string bridge;  ///< The host's bridge that the interface's tap device goes onto
  bool host_bridge =
      false;  ///< The bridge is the host's, for which the network only stands (<plug type='bridge'>)
  friend bool operator==(const NetworkPlug&, const NetworkPlug&) = default;
};

/// What virtsevd asks a network for: a port of this UUID for an interface of the domain.
std::string format_port_request(const DomainDefinition& domain, const InterfaceDefinition& interface,
                                const Uuid& port);

/// Reads what the network has made of it into `port`: bridge and kind. Throws Error(kConfigUnsupported) where
/// the port asks for what virtsev does not do (a device of its own, VLANs, bandwidth, isolation), and
/// Error(kXmlError) where it is not a <networkport>; the text names the network.
void read_port_made(const std::string& xml, NetworkPlug& port);

/// What a file or a connection says of a port's bridge, where Linux could have such a device.
bool is_device_name(const std::string& name);

}  // namespace virtsev::domain_xml
