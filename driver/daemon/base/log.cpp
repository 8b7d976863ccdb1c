// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/base/log.hpp"

#include <cstdlib>

#include <fmt/format.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sevcore/base/printable.hpp"

namespace virtsev::daemon {
namespace {

LogLevel lowest = LogLevel::kInfo;

const char* name_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      break;
  }
  return "error";
}

// sd-daemon(3): "<N>" in front of a line is its priority.
const char* journal_prefix(LogLevel level) {
  static const bool journal = ::getenv("JOURNAL_STREAM") != nullptr;
  if (!journal) {
    return "";
  }
  switch (level) {
    case LogLevel::kDebug:
      return "<7>";
    case LogLevel::kInfo:
      return "<6>";
    case LogLevel::kWarning:
      return "<4>";
    case LogLevel::kError:
      break;
  }
  return "<3>";
}

}  // namespace

void set_log_level(LogLevel level) { lowest = level; }

std::string time_stamp() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  ::gmtime_r(&now.tv_sec, &parts);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}+0000", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, now.tv_nsec / 1000000);
}

void log(LogLevel level, const std::string& message) {
  if (level < lowest) {
    return;
  }
  // One line is one message, whatever a monitor, a client or a definition may have put into it.
  const std::string line = fmt::format("{}{}: {}: {} : {}\n", journal_prefix(level), time_stamp(),
                                       ::syscall(SYS_gettid), name_of(level), printable_line(message));
  // One write a line; a log that can't be written is nobody's reason to stop.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace virtsev::daemon
