// SPDX-License-Identifier: LGPL-2.1-or-later
// Domains' definitions: made, read, changed, removed.
#pragma once

#include "driver/daemon/dispatch/request.hpp"

namespace virtsev::daemon::dispatch {

asio::awaitable<void> domain_define_xml(Request& request);
asio::awaitable<void> domain_define_xml_flags(Request& request);
asio::awaitable<void> domain_undefine(Request& request);
asio::awaitable<void> domain_undefine_flags(Request& request);
asio::awaitable<void> domain_rename(Request& request);
void domain_get_xml_desc(Request& request);
void domain_get_autostart(Request& request);
asio::awaitable<void> domain_set_autostart(Request& request);
void domain_is_persistent(Request& request);
void domain_is_updated(Request& request);
asio::awaitable<void> domain_set_metadata(Request& request);
void domain_get_metadata(Request& request);

}  // namespace virtsev::daemon::dispatch
