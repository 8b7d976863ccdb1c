// SPDX-License-Identifier: LGPL-2.1-or-later
// The agent's answers as what they are about. Each has the form that qga/qapi-schema.json of QEMU says, and
// no list is longer than libvirt's protocol has room for (src/remote/remote_protocol.x); else these throw
// Error(kOperationFailed).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "driver/daemon/agent/agent_value.hpp"
#include "driver/daemon/api/driver.hpp"
#include "driver/daemon/api/guest_answers.hpp"

namespace virtsev::daemon {

/// guest-get-host-name.
std::string host_name_in(const AgentValue& answer);
/// guest-get-time.
GuestTime time_in(const AgentValue& answer);
/// guest-fsfreeze-freeze and its like: a number of file systems.
std::int32_t count_in(const AgentValue& answer);
/// guest-get-fsinfo, in the order in which they were mounted; of a disk its slot, and not yet its target.
std::vector<GuestFileSystem> file_systems_in(const AgentValue& answer);
/// guest-network-get-interfaces. Addresses of "eth0:1" are eth0's.
std::vector<GuestInterface> interfaces_in(const AgentValue& answer);
/// guest-fstrim: throws Error(kOperationFailed) with the reason of the first path that could not be trimmed,
/// where none could.
void check_trimmed(const AgentValue& answer);

// As virDomainGetGuestInfo has them.
std::vector<TypedParameter> users_in(const AgentValue& answer);     ///< guest-get-users
std::vector<TypedParameter> system_in(const AgentValue& answer);    ///< guest-get-osinfo
std::vector<TypedParameter> timezone_in(const AgentValue& answer);  ///< guest-get-timezone
std::vector<TypedParameter> parameters_of(const std::vector<GuestFileSystem>& file_systems);
std::vector<TypedParameter> parameters_of(const std::vector<GuestInterface>& interfaces);

}  // namespace virtsev::daemon
