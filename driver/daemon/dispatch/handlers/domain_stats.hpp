// SPDX-License-Identifier: LGPL-2.1-or-later
// Statistics of many domains at once (virsh domstats), and of one domain's CPU time (virsh cpu-stats).
#pragma once

#include "driver/daemon/dispatch/request.hpp"

namespace virtsev::daemon::dispatch {

asio::awaitable<void> connect_get_all_domain_stats(Request& request);
/// The total alone: what a guest used of each of the host's CPUs is not counted.
asio::awaitable<void> domain_get_cpu_stats(Request& request);

}  // namespace virtsev::daemon::dispatch
