// SPDX-License-Identifier: LGPL-2.1-or-later
// Statistics of many domains at once (virsh domstats).
#pragma once

#include "driver/daemon/dispatch/request.hpp"

namespace virtsev::daemon::dispatch {

asio::awaitable<void> connect_get_all_domain_stats(Request& request);

}  // namespace virtsev::daemon::dispatch
