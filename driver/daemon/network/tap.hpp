// SPDX-License-Identifier: LGPL-2.1-or-later
// A tap device of the host (Linux, Documentation/networking/tuntap.rst): what a guest's network card is
// plugged into.
#pragma once

#include <string>
#include <vector>

#include "domain-xml/device_definitions.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon {

/// Gone with its last descriptor, unless it was there before (<target managed='no'>).
struct Tap {
  std::string name;
  std::vector<UniqueFd> queues;  ///< One for each queue pair, with headers of virtio 1.x (12 bytes)
};

/// Makes the device, or opens the one that is there; puts it onto its bridge, and sets it up. Throws Error,
/// which names the interface by its MAC address, and says what to do.
Tap open_tap(const domain_xml::InterfaceDefinition& interface);

}  // namespace virtsev::daemon
