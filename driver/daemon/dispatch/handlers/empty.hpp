// SPDX-License-Identifier: LGPL-2.1-or-later
// What tools ask every driver for and a virtsev host has none of: snapshots, saved images, and, where none of
// libvirt's own daemons runs that has them, networks, pools, devices and secrets. A list of what there is
// none of is empty; only what would make, change or find one is refused (refusal.hpp).
#pragma once

#include "driver/daemon/dispatch/request.hpp"

namespace virtsev::daemon::dispatch {

/// No arguments that matter; the answer is the number 0.
void empty_count(Request& request);
/// No arguments that matter; the answer is an empty list.
void empty_list(Request& request);
/// A domain and flags; the answer is the number 0.
void empty_count_of_domain(Request& request, std::uint32_t filters);
/// A domain, need_results and flags; the answer is an empty list, and the number 0.
void empty_list_of_domain(Request& request, std::uint32_t filters);

/// A domain, how many names, and flags; the answer is an empty list.
void empty_names_of_domain(Request& request, std::uint32_t filters);

/// One of the above as a row of the table has it.
template <void (*kHandler)(Request&, std::uint32_t), std::uint32_t kFilters>
void with_filters(Request& request) {
  kHandler(request, kFilters);
}

// Of a domain that has no disks, IOThreads, interfaces and labels.
void domain_get_disk_errors(Request& request);
void domain_get_iothread_info(Request& request);
/// None by leases or the ARP table; the agent in the guest is asked where the client wants that.
asio::awaitable<void> domain_interface_addresses(Request& request);
void domain_get_security_label_list(Request& request);

/// Error(kNoSupport): tools then go without.
void not_there(Request& request);

}  // namespace virtsev::daemon::dispatch
