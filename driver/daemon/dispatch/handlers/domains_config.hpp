// SPDX-License-Identifier: LGPL-2.1-or-later
// Single settings of a domain's definition, changed by calls of their own.
#pragma once

#include "driver/daemon/dispatch/request.hpp"

namespace virtsev::daemon::dispatch {

asio::awaitable<void> domain_set_max_memory(Request& request);
asio::awaitable<void> domain_set_memory(Request& request);
asio::awaitable<void> domain_set_memory_flags(Request& request);
asio::awaitable<void> domain_set_vcpus(Request& request);
asio::awaitable<void> domain_set_vcpus_flags(Request& request);
asio::awaitable<void> domain_set_lifecycle_action(Request& request);

}  // namespace virtsev::daemon::dispatch
