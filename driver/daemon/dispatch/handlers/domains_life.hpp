// SPDX-License-Identifier: LGPL-2.1-or-later
// Domains' lives: started, paused, ended.
#pragma once

#include "driver/daemon/dispatch/request.hpp"

namespace virtsev::daemon::dispatch {

asio::awaitable<void> domain_create(Request& request);
asio::awaitable<void> domain_create_with_flags(Request& request);
asio::awaitable<void> domain_create_xml(Request& request);
asio::awaitable<void> domain_suspend(Request& request);
asio::awaitable<void> domain_resume(Request& request);
asio::awaitable<void> domain_shutdown(Request& request);
asio::awaitable<void> domain_shutdown_flags(Request& request);
asio::awaitable<void> domain_reboot(Request& request);
asio::awaitable<void> domain_reset(Request& request);
asio::awaitable<void> domain_destroy(Request& request);
asio::awaitable<void> domain_destroy_flags(Request& request);

}  // namespace virtsev::daemon::dispatch
