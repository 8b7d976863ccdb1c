// SPDX-License-Identifier: LGPL-2.1-or-later
// What tools ask every driver for and a virtsev host has none of: networks, pools, devices, secrets,
// snapshots, saved images.
#pragma once

#include "driver/daemon/dispatch/request.hpp"

namespace virtsev::daemon::dispatch {

/// No arguments that matter; the answer is the number 0.
void empty_count(Request& request);
/// No arguments that matter; the answer is an empty list.
void empty_list(Request& request);
/// need_results and flags, of which `filters` are known; the answer is an empty list, and the number 0.
void empty_list_all(Request& request, std::uint32_t filters);
/// A domain and flags; the answer is the number 0.
void empty_count_of_domain(Request& request, std::uint32_t filters);
/// A domain, need_results and flags; the answer is an empty list, and the number 0.
void empty_list_of_domain(Request& request, std::uint32_t filters);

/// One of the three above as a row of the table has it.
template <void (*kHandler)(Request&, std::uint32_t), std::uint32_t kFilters>
void with_filters(Request& request) {
  kHandler(request, kFilters);
}
/// Error(kNoSupport): tools then go without.
void not_there(Request& request);

}  // namespace virtsev::daemon::dispatch
