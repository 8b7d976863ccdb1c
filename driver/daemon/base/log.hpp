// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsevd's log: lines in libvirt's form on standard error, with the service manager's priority where it
// listens.
#pragma once

#include <string>

namespace virtsev::daemon {

enum class LogLevel { kDebug = 1, kInfo = 2, kWarning = 3, kError = 4 };

/// Lines below `level` are left out. Called once, by main().
void set_log_level(LogLevel level);
void log(LogLevel level, const std::string& message);

inline void log_info(const std::string& message) { log(LogLevel::kInfo, message); }
inline void log_warning(const std::string& message) { log(LogLevel::kWarning, message); }
inline void log_error(const std::string& message) { log(LogLevel::kError, message); }

/// "2026-11-23 02:01:10.476+0000", UTC.
std::string time_stamp();

}  // namespace virtsev::daemon
