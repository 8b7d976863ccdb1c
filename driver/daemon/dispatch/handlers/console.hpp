// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest's console as a stream.
#pragma once

#include "driver/daemon/dispatch/request.hpp"

namespace virtsev::daemon::dispatch {

void domain_open_console(Request& request);

}  // namespace virtsev::daemon::dispatch
