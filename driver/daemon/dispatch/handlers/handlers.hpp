// SPDX-License-Identifier: LGPL-2.1-or-later
// Calls whose arguments or results the wire has in another form than a Driver method's signature says
// (row.hpp), or that are not the Driver's at all. Each is a row of procedures.cpp; libvirt's
// remote_protocol.x has the forms. One file of this folder for each part below, with its name.
#pragma once

#include "driver/daemon/dispatch/request.hpp"

namespace virtsev::daemon::dispatch {

// connect.cpp: The connection itself: authentication, opening, features, what the driver says of itself.
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

// console.cpp: A guest's console, and its debugger's channel, as streams.
asio::awaitable<void> domain_open_console(Request& request);
asio::awaitable<void> domain_open_channel(Request& request);

// domain_stats.cpp: Statistics of many domains at once (virsh domstats), and of one domain's CPU time (virsh
// cpu-stats).
asio::awaitable<void> connect_get_all_domain_stats(Request& request);
/// The total alone: what a guest used of each of the host's CPUs is not counted.
asio::awaitable<void> domain_get_cpu_stats(Request& request);
asio::awaitable<void> domain_block_stats_flags(Request& request);

// domains_define.cpp: A domain as such.
asio::awaitable<void> domain_create(Request& request);
asio::awaitable<void> domain_rename(Request& request);
void domain_is_updated(Request& request);

// domains_find.cpp: Finding and listing domains.
void domain_lookup_by_uuid(Request& request);
void connect_list_domains(Request& request);
void connect_list_defined_domains(Request& request);
void connect_num_of_domains(Request& request);
void connect_num_of_defined_domains(Request& request);
void connect_list_all_domains(Request& request);

// domains_look.cpp: What a domain is and does at the moment.
asio::awaitable<void> domain_get_max_memory(Request& request);
asio::awaitable<void> domain_get_max_vcpus(Request& request);
asio::awaitable<void> domain_get_vcpus_flags(Request& request);
asio::awaitable<void> domain_get_vcpus(Request& request);
asio::awaitable<void> domain_get_vcpu_pin_info(Request& request);
void domain_get_emulator_pin_info(Request& request);
asio::awaitable<void> domain_memory_stats(Request& request);
void domain_get_os_type(Request& request);
void domain_get_security_label(Request& request);
void domain_is_active(Request& request);
void domain_get_messages(Request& request);

// events.cpp: Asking to be told of events.
void connect_domain_event_callback_register_any(Request& request);
void connect_domain_event_callback_deregister_any(Request& request);

// jobs.cpp: What takes so long that clients ask how far it is.
void domain_get_job_info(Request& request);
void domain_get_job_stats(Request& request);

// launch_security.cpp: SEV: the platform's certificates, a guest's measurement, its owner's secret.
asio::awaitable<void> node_get_sev_info(Request& request);
void domain_get_launch_security_info(Request& request);
asio::awaitable<void> domain_set_launch_security_state(Request& request);

// memory.cpp: A guest's memory and registers, for debuggers.
asio::awaitable<void> domain_memory_peek(Request& request);
asio::awaitable<void> domain_core_dump(Request& request);

// node.cpp: The host: its name, CPUs, memory, capabilities.
void connect_get_max_vcpus(Request& request);
void node_get_cpu_map(Request& request);
void node_get_free_memory(Request& request);
void node_get_cells_free_memory(Request& request);

}  // namespace virtsev::daemon::dispatch
