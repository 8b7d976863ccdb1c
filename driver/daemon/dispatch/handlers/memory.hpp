// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest's memory, for debuggers.
#pragma once

#include "driver/daemon/dispatch/request.hpp"

namespace virtsev::daemon::dispatch {

asio::awaitable<void> domain_memory_peek(Request& request);

}  // namespace virtsev::daemon::dispatch
