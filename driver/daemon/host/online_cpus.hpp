// SPDX-License-Identifier: LGPL-2.1-or-later
// Which of its CPUs the host has online.
#pragma once

#include <string>

#include "domain-xml/cpu_placement.hpp"

namespace virtsev::daemon {

/// As the kernel writes it: "0-3". Empty where there is no /sys.
std::string online_cpus();

/// Throws Error(kConfigUnsupported) where none of these CPUs is online; no CPUs are any CPU. `online`: as
/// above; empty: nobody knows, and the kernel's own answer has to do. `element`: who names them, for the
/// message.
void require_online(const domain_xml::CpuSet& cpus, const std::string& online, const std::string& element);

/// The same for each element of a placement.
void require_online(const domain_xml::CpuPlacement& placement, const std::string& online);

}  // namespace virtsev::daemon
