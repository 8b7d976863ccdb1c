// SPDX-License-Identifier: LGPL-2.1-or-later
// Asking to be told of events.
#pragma once

#include "driver/daemon/dispatch/request.hpp"

namespace virtsev::daemon::dispatch {

void connect_domain_event_callback_register_any(Request& request);
void connect_domain_event_callback_deregister_any(Request& request);

}  // namespace virtsev::daemon::dispatch
