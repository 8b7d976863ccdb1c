// SPDX-License-Identifier: LGPL-2.1-or-later
// SEV: the platform's certificates, a guest's measurement, its owner's secret.
#pragma once

#include "driver/daemon/dispatch/request.hpp"

namespace virtsev::daemon::dispatch {

asio::awaitable<void> node_get_sev_info(Request& request);
void domain_get_launch_security_info(Request& request);
asio::awaitable<void> domain_set_launch_security_state(Request& request);

}  // namespace virtsev::daemon::dispatch
