// SPDX-License-Identifier: LGPL-2.1-or-later
// The host: its name, CPUs, memory, capabilities.
#pragma once

#include "driver/daemon/dispatch/request.hpp"

namespace virtsev::daemon::dispatch {

void connect_get_max_vcpus(Request& request);
void node_get_cpu_map(Request& request);
void node_get_free_memory(Request& request);
void node_get_cells_free_memory(Request& request);

}  // namespace virtsev::daemon::dispatch
