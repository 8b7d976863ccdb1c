// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest's console, and its debugger's channel, as streams.
#pragma once

#include "driver/daemon/dispatch/request.hpp"

namespace virtsev::daemon::dispatch {

asio::awaitable<void> domain_open_console(Request& request);
asio::awaitable<void> domain_open_channel(Request& request);

}  // namespace virtsev::daemon::dispatch
