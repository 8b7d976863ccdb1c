// SPDX-License-Identifier: LGPL-2.1-or-later
// UNIX sockets by path, however long the path is (a socket address holds 107 bytes).
#pragma once

#include <string>

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon {

/// Binds and listens at DIRECTORY/NAME, in place of what stood there, with this mode. Non-blocking,
/// close-on-exec. Any thread where the mode is the owner's alone; else before there are threads, as the umask
/// is changed for a moment. Throws Error(kSystemError).
UniqueFd listen_at(const std::string& directory, const std::string& name, unsigned mode, int backlog);

/// Connects; invalid, with errno set, where nobody listens. Non-blocking, close-on-exec.
UniqueFd connect_to(const std::string& directory, const std::string& name);

}  // namespace virtsev::daemon
