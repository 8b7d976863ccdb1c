// SPDX-License-Identifier: LGPL-2.1-or-later
// log/NAME.log: when a domain started and ended, and what its monitor had to say.
#pragma once

#include <string>

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon {

/// Opens the log for appending (mode 0600), renamed to NAME.log.1 first where it has grown beyond 2 MiB.
/// Throws Error(kSystemError).
UniqueFd open_guest_log(const std::string& directory, const std::string& name);

/// "TIME: starting up virtsev VERSION, kernel: ..., hostname: ..." and the monitor's command line.
void log_starting(int log, const std::string& command_line);
/// "TIME: shutting down, reason=destroyed", with a remark of the monitor's where there is one.
void log_shutting_down(const std::string& directory, const std::string& name, const std::string& reason,
                       const std::string& remark);

}  // namespace virtsev::daemon
