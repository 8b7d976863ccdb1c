// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest's memory and registers as a file of the host's.
#pragma once

#include "driver/daemon/dispatch/request.hpp"

namespace virtsev::daemon::dispatch {

asio::awaitable<void> domain_core_dump(Request& request);

}  // namespace virtsev::daemon::dispatch
