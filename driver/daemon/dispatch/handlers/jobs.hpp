// SPDX-License-Identifier: LGPL-2.1-or-later
// What takes so long that clients ask how far it is: the launch of a domain.
#pragma once

#include "driver/daemon/dispatch/request.hpp"

namespace virtsev::daemon::dispatch {

void domain_get_job_info(Request& request);
void domain_get_job_stats(Request& request);

}  // namespace virtsev::daemon::dispatch
