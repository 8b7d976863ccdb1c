// SPDX-License-Identifier: LGPL-2.1-or-later
// The connection itself: authentication, opening, features, what the driver says of itself.
#pragma once

#include "driver/daemon/dispatch/request.hpp"

namespace virtsev::daemon::dispatch {

void auth_list(Request& request);
void auth_polkit(Request& request);
void connect_open(Request& request);
void connect_close(Request& request);
void connect_supports_feature(Request& request);
void connect_set_identity(Request& request);
void connect_close_callback(Request& request);
void connect_get_type(Request& request);
void connect_get_version(Request& request);
void connect_get_lib_version(Request& request);
void connect_get_uri(Request& request);
void connect_is_secure(Request& request);

}  // namespace virtsev::daemon::dispatch
