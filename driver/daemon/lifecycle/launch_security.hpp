// SPDX-License-Identifier: LGPL-2.1-or-later
// The launch as its owner sees it: the measurement, and the secret handed in.
#pragma once

#include <vector>

#include "driver/daemon/domains/domain.hpp"

namespace virtsev::daemon {

/// virDomainGetLaunchSecurityInfo. No parameters for a domain without <launchSecurity>. Throws
/// Error(kOperationInvalid) while inactive, or not yet launched.
std::vector<TypedParameter> launch_security_parameters(const Domain& domain);

/// virDomainSetLaunchSecurityState's parameters, checked: both header and secret, base64 (white space is left
/// out), an address or none. Throws Error(kInvalidArgument) naming the parameter.
control::InjectSecret secret_from(const std::vector<TypedParameter>& parameters);

}  // namespace virtsev::daemon
