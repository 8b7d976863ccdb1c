// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/files/lock_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "driver/daemon/files/read_file.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {

UniqueFd lock_pid_file(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd) {
    throw Error(ErrorCode::kSystemError, text("cannot open the lock file '{}': {}", path, error_text(errno)));
  }
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    throw Error(
        ErrorCode::kOperationFailed,
        text(
            "another virtsevd is running: it holds '{}'; stop it first, or use --root for a place of its own",
            path));
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd.get(), 0) != 0 ||
      ::pwrite(fd.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    throw Error(ErrorCode::kSystemError,
                text("cannot write the lock file '{}': {}", path, error_text(errno)));
  }
  return fd;
}

}  // namespace virtsev::daemon
