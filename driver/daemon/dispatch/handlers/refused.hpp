// SPDX-License-Identifier: LGPL-2.1-or-later
// What other drivers do and an SEV guest's can't, or virtsev's do not yet: NO_SUPPORT, which tools
// understand, with the reason.
#pragma once

#include "driver/daemon/dispatch/request.hpp"

namespace virtsev::daemon::dispatch {

void refuse_saving(Request& request);
void refuse_snapshots(Request& request);
void refuse_device_change(Request& request);
void refuse_pinning(Request& request);
void refuse_tuning(Request& request);
void refuse_screen(Request& request);
void refuse_agent(Request& request);
void refuse_disks(Request& request);
void refuse_interfaces(Request& request);
void refuse_sleep(Request& request);
void refuse_interrupt(Request& request);
void refuse_native_formats(Request& request);

}  // namespace virtsev::daemon::dispatch
