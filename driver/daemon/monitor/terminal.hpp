// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest's terminal, and never another. The kernel gives the number of a pty whose master is closed away
// again, so a path says nothing of whose terminal it is.
#pragma once

#include <string>

#include "driver/daemon/monitor/process.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon {

/// The path of the other end of a pty's master; empty where the descriptor, which may come from a peer, is
/// none.
std::string path_behind(int master);

/// The other end of a pty's master, non-blocking, in a description of its own: no path is in between. Invalid
/// with errno where that can't be had.
UniqueFd open_behind(int master);

/// By its path, which is all that is known of the terminal of a monitor before the control protocol's version
/// 4: only where the kernel says that the monitor holds the master (/proc/PID/fdinfo), as it does to root.
/// Invalid with errno; EPERM where it can't be seen, or is not so.
UniqueFd open_held_by(const Process& monitor, const std::string& path);

}  // namespace virtsev::daemon
