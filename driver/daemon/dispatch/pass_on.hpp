// SPDX-License-Identifier: LGPL-2.1-or-later
// Calls that are for another of libvirt's daemons.
#pragma once

#include <asio/awaitable.hpp>

#include "driver/daemon/dispatch/request.hpp"
#include "driver/daemon/relay/relay.hpp"

namespace virtsev::daemon::dispatch {

/// Asks the daemon that the procedure is for, and gives back its answer as it is. False where no such daemon
/// runs: nothing has been read or written then. Throws Error, the daemon's own among them; a call that it
/// does not know is kNoSupport, with the call's name.
asio::awaitable<bool> pass_on(Request& request, relay::Relay& relay);

}  // namespace virtsev::daemon::dispatch
