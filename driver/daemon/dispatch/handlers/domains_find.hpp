// SPDX-License-Identifier: LGPL-2.1-or-later
// Finding and listing domains.
#pragma once

#include "driver/daemon/dispatch/request.hpp"

namespace virtsev::daemon::dispatch {

void domain_lookup_by_uuid(Request& request);
void connect_list_domains(Request& request);
void connect_list_defined_domains(Request& request);
void connect_num_of_domains(Request& request);
void connect_num_of_defined_domains(Request& request);
void connect_list_all_domains(Request& request);

}  // namespace virtsev::daemon::dispatch
