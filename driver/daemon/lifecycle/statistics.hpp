// SPDX-License-Identifier: LGPL-2.1-or-later
// What a domain is made of and what it uses, in libvirt's units and field names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "driver/daemon/config/configuration.hpp"
#include "driver/daemon/domains/domain.hpp"

namespace virtsev::daemon {

/// `status`: what the monitor said last; nothing for an inactive domain, and where it has never answered.
using MaybeStatus = std::optional<control::Status>;

/// Throws Error(kOperationInvalid) for an inactive domain.
ControlInfo control_info_of(const Domain& domain);
DomainInfo info_of(const Domain& domain, const MaybeStatus& status);
std::vector<VcpuInfo> vcpus_of(const Domain& domain, const MaybeStatus& status);
std::vector<MemoryStatistic> memory_statistics_of(const Domain& domain, const MaybeStatus& status);
/// `groups`: virDomainStatsTypes, 0 for all; those that hold nothing here give nothing.
std::vector<TypedParameter> statistics_of(const Domain& domain, const MaybeStatus& status,
                                          std::uint32_t groups);

/// What the definition asks for and nobody does: "<cputune><vcpupin>, <vcpu cpuset>"; empty: nothing.
std::string list_of_not_used(const domain_xml::DomainDefinition& definition);
/// One warning in the log, where there is any of that.
void log_not_used(const domain_xml::DomainDefinition& definition);

/// What `virsh dominfo` shows as messages: each a full sentence. By the settings: from when on a shutdown
/// that the guest does not answer is one, and whether one without protection would have it if it were new.
std::vector<std::string> messages_of(const Domain& domain, const Configuration& settings);

}  // namespace virtsev::daemon
