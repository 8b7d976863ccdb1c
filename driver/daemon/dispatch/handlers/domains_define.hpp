// SPDX-License-Identifier: LGPL-2.1-or-later
// Domains' definitions: made, read, changed, removed.
#pragma once

#include "driver/daemon/dispatch/request.hpp"

namespace virtsev::daemon::dispatch {

asio::awaitable<void> domain_create(Request& request);
asio::awaitable<void> domain_rename(Request& request);
void domain_is_updated(Request& request);

}  // namespace virtsev::daemon::dispatch
