// SPDX-License-Identifier: LGPL-2.1-or-later
// The host's side of all of a guest's interfaces.
#pragma once

#include <string>
#include <vector>

#include "domain-xml/domain_definition.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon {

/// Of one interface; gone when its descriptors are closed, here and in the monitor.
struct HostLink {
  std::string tap;               ///< The device's name; empty: none
  std::vector<UniqueFd> queues;  ///< Of the tap
  UniqueFd stream;               ///< To passt; empty: none
};

/// Waits for passt: for a thread that may. Throws Error (tap.hpp, passt.hpp).
HostLink open_host_link(const domain_xml::InterfaceDefinition& interface, const std::string& passt);

/// In the definition's order. Waits for passt: for a thread that may. Throws Error (tap.hpp, passt.hpp).
std::vector<HostLink> open_host_links(const domain_xml::DomainDefinition& definition,
                                      const std::string& passt);

}  // namespace virtsev::daemon
