// SPDX-License-Identifier: LGPL-2.1-or-later
// --daemon: the shell gets its prompt back when the sockets are there, or an exit status that says why not.
#pragma once

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon {

/// Forks; the parent waits for ready() or the child's end, and exits. Before any thread. Invalid where
/// forking failed.
UniqueFd go_to_background();
/// Lets the parent exit with 0, and cuts the ties to its terminal.
void report_ready(UniqueFd report);

}  // namespace virtsev::daemon
