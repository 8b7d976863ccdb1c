// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/network/host_links.hpp"

#include "driver/daemon/network/passt.hpp"
#include "driver/daemon/network/tap.hpp"

namespace virtsev::daemon {

HostLink open_host_link(const domain_xml::InterfaceDefinition& interface, const std::string& passt) {
  HostLink link;
  if (interface.kind == domain_xml::InterfaceDefinition::Kind::kUser) {
    link.stream = start_passt(passt, interface);
  } else {
    Tap tap = open_tap(interface);
    link.tap = std::move(tap.name);
    link.queues = std::move(tap.queues);
  }
  return link;
}

std::vector<HostLink> open_host_links(const domain_xml::DomainDefinition& definition,
                                      const std::string& passt) {
  std::vector<HostLink> links;
  for (const domain_xml::InterfaceDefinition& interface : definition.interfaces) {
    links.push_back(open_host_link(interface, passt));
  }
  return links;
}

}  // namespace virtsev::daemon
