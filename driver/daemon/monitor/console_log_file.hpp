// SPDX-License-Identifier: LGPL-2.1-or-later
// <serial><log file=.../>: the console's log where its user wants it.
#pragma once

#include <array>
#include <string>

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon {

/// The file and its backups, newest first, as virtlogd names them: FILE, FILE.0, FILE.1, FILE.2. Each is made
/// where it is not there (0600), and has to be a regular file. Throws Error naming the one at fault.
std::array<UniqueFd, 4> open_console_log(const std::string& file);

/// Nothing is left in the newest; what an earlier run wrote is not kept, as virtlogd does without
/// append='on'.
void empty_console_log(const std::array<UniqueFd, 4>& files);

}  // namespace virtsev::daemon
