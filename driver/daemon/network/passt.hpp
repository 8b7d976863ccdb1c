// SPDX-License-Identifier: LGPL-2.1-or-later
// passt (https://passt.top): a network without privileges, a process that makes the guest's connections its
// own.
#pragma once

#include <string>
#include <vector>

#include "domain-xml/device_definitions.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon {

/// What passt is told on its command line; its end of the connection is descriptor 3.
std::vector<std::string> passt_arguments(const domain_xml::InterfaceDefinition& interface);

/// Starts `program` (a name is looked for in PATH), and gives the other end of its connection, a stream
/// socket; passt ends by itself when that is closed everywhere. Waits until it serves, or has failed: for a
/// thread that may. Throws Error with what passt said.
UniqueFd start_passt(const std::string& program, const domain_xml::InterfaceDefinition& interface);

}  // namespace virtsev::daemon
