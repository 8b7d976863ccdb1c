// SPDX-License-Identifier: LGPL-2.1-or-later
// What a domain's disks and interfaces have moved, in libvirt's units and field names.
#pragma once

#include <string>
#include <vector>

#include "driver/daemon/lifecycle/statistics.hpp"

namespace virtsev::daemon {

/// `name`: a disk's target, or the path of its image. Throws Error(kInvalidArgument) where there is none.
const domain_xml::DiskDefinition& disk_named(const domain_xml::DomainDefinition& definition,
                                             const std::string& name);

/// Of an active domain; zeros where the monitor has not answered yet. `name` as above.
BlockCounts block_counts_of(const Domain& domain, const MaybeStatus& status, const std::string& name);
/// `name`: a tap device, or a MAC address. Throws Error(kInvalidArgument) where there is none.
InterfaceCounts interface_counts_of(const Domain& domain, const MaybeStatus& status, const std::string& name);

/// The groups "block" and "net" of domstats.
void add_disks(std::vector<TypedParameter>& out, const Domain& domain, const MaybeStatus& status);
void add_interfaces(std::vector<TypedParameter>& out, const Domain& domain, const MaybeStatus& status);

/// The size of an image on its host. Throws Error(kSystemError), which names it. May wait for long.
BlockInfo block_info_of(const std::string& path);

}  // namespace virtsev::daemon
