// SPDX-License-Identifier: LGPL-2.1-or-later
// What a domain is and does at the moment.
#pragma once

#include "driver/daemon/dispatch/request.hpp"

namespace virtsev::daemon::dispatch {

asio::awaitable<void> domain_get_max_memory(Request& request);
asio::awaitable<void> domain_get_max_vcpus(Request& request);
asio::awaitable<void> domain_get_vcpus_flags(Request& request);
asio::awaitable<void> domain_get_vcpus(Request& request);
asio::awaitable<void> domain_get_vcpu_pin_info(Request& request);
asio::awaitable<void> domain_memory_stats(Request& request);
void domain_get_os_type(Request& request);
void domain_get_security_label(Request& request);
void domain_is_active(Request& request);
void domain_get_messages(Request& request);

}  // namespace virtsev::daemon::dispatch
