// SPDX-License-Identifier: LGPL-2.1-or-later
// One daemon for each place: the lock that the kernel drops when its holder dies.
#pragma once

#include <string>

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon {

/// Locks `path` (made where missing, mode 0644) and writes this process's id into it. The lock holds while
/// the descriptor is open. Throws Error(kOperationFailed) where another daemon holds it, Error(kSystemError)
/// where the file can't be made.
UniqueFd lock_pid_file(const std::string& path);

}  // namespace virtsev::daemon
