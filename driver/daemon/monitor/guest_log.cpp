// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/monitor/guest_log.hpp"

#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "driver/daemon/base/log.hpp"
#include "driver/daemon/files/read_file.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/printable.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

constexpr off_t kMaxBytes = 2 << 20;

void write_line(int log, const std::string& line) {
  const std::string fit = printable(line);  // Names and monitors' texts are in it, and people look at it
  [[maybe_unused]] const ssize_t written = ::write(log, fit.data(), fit.size());
}

}  // namespace

UniqueFd open_guest_log(const std::string& directory, const std::string& name) {
  const std::string path = directory + "/" + name + ".log";
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && status.st_size > kMaxBytes) {
    ::rename(path.c_str(), (path + ".1").c_str());
  }
  UniqueFd log(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (!log) {
    throw Error(ErrorCode::kSystemError, text("cannot open the log '{}': {}", path, error_text(errno)));
  }
  return log;
}

void log_starting(int log, const std::string& command_line) {
  utsname system{};
  ::uname(&system);
  write_line(log, time_stamp() + ": starting up virtsev version: " VIRTSEV_VERSION ", kernel: " +
                      system.release + ", hostname: " + system.nodename + "\n" + command_line + "\n");
}

void log_shutting_down(const std::string& directory, const std::string& name, const std::string& reason,
                       const std::string& remark) {
  try {
    const UniqueFd log = open_guest_log(directory, name);
    write_line(log.get(), (remark.empty() ? "" : time_stamp() + ": " + remark + "\n") + time_stamp() +
                              ": shutting down, reason=" + reason + "\n");
  } catch (const Error& error) {
    log_warning(error.what());
  }
}

}  // namespace virtsev::daemon
