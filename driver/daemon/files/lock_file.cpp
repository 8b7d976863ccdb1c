// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/files/lock_file.hpp"

#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/daemon/files/read_file.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

UniqueFd lock(const std::string& path) {
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
  return fd;
}

// False where the daemon that held it has removed it in between: the lock is then of a file without a name.
bool has_name(int fd, const std::string& path) {
  struct stat here {};
  struct stat there {};
  return ::fstat(fd, &here) == 0 && ::lstat(path.c_str(), &there) == 0 && here.st_ino == there.st_ino &&
         here.st_dev == there.st_dev;
}

}  // namespace

PidFile::PidFile(std::string path) : path_(std::move(path)) {
  do {
    fd_ = lock(path_);
  } while (!has_name(fd_.get(), path_));
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd_.get(), 0) != 0 ||
      ::pwrite(fd_.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    throw Error(ErrorCode::kSystemError,
                text("cannot write the lock file '{}': {}", path_, error_text(errno)));
  }
}

// While it is still locked: no other daemon can have taken it over.
PidFile::~PidFile() {
  if (has_name(fd_.get(), path_)) {
    ::unlink(path_.c_str());
  }
}

}  // namespace virtsev::daemon
