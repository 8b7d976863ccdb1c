// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/monitor/console_log_file.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/daemon/base/log.hpp"
#include "driver/daemon/files/read_file.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

UniqueFd open_one(const std::string& path) {
  // Without waiting: what lies there may be a FIFO that nobody reads.
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600));
  if (!fd) {
    throw Error(ErrorCode::kSystemError,
                text("<serial><log>: cannot open '{}': {}", path, error_text(errno)));
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    throw Error(
        ErrorCode::kConfigUnsupported,
        text("<serial><log>: '{}' is not a regular file; name one, or one that is not there yet", path));
  }
  return fd;
}

}  // namespace

std::array<UniqueFd, 4> open_console_log(const std::string& file) {
  return {open_one(file), open_one(file + ".0"), open_one(file + ".1"), open_one(file + ".2")};
}

void empty_console_log(const std::array<UniqueFd, 4>& files) {
  if (::ftruncate(files[0].get(), 0) != 0) {
    log_warning(text("<serial><log>: the file can't be emptied: {}", error_text(errno)));
  }
}

}  // namespace virtsev::daemon
