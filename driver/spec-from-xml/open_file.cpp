// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/spec-from-xml/open_file.hpp"

#include <system_error>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::spec {
namespace {

std::string explain(int error, int flags = O_RDONLY) {
  switch (error) {
    case ENOENT:
      return text("there is no such file; correct the path, or put the file there");
    case ENOTDIR:
      return text("a part of the path is not a directory; correct the path");
    case EACCES:
    case EPERM:
      if ((flags & O_ACCMODE) != O_RDONLY) {
        return text("it may not be written by user {}; change its permissions, or make the disk <readonly/>",
                    geteuid());
      }
      return text(
          "it may not be read by user {}; change its permissions, or those of the directories above it",
          geteuid());
    case EROFS:
      return text("it lies on a file system that is read only; make the disk <readonly/>");
    case EINVAL:
      if ((flags & O_DIRECT) != 0) {
        return text(
            "its file system can't do without the host's cache (O_DIRECT); write <driver "
            "cache='writeback'/>");
      }
      return std::generic_category().message(error);
    case ELOOP:
      return text("its symbolic links lead in a circle; correct them");
    case ENAMETOOLONG:
      return text("the path is too long");
    case ENXIO:
      return text("it is a socket, or a device that is not there; name a regular file or a block device");
    default:
      return std::generic_category().message(error);
  }
}

[[noreturn]] void fail(ErrorCode code, const std::string& element, const std::string& path,
                       const std::string& reason) {
  throw Error(code, text("{}: '{}' can't be used: {}", element, path, reason));
}

void check_kind(const struct stat& status, const std::string& element, const std::string& path) {
  if (S_ISDIR(status.st_mode)) {
    fail(ErrorCode::kConfigUnsupported, element, path, text("it is a directory; name the file in it"));
  }
  if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode)) {
    fail(ErrorCode::kConfigUnsupported, element, path,
         text("it is neither a regular file nor a block device (a FIFO or a character device could keep the "
              "host "
              "waiting); name one that is"));
  }
  if (S_ISREG(status.st_mode) && status.st_size == 0) {
    fail(ErrorCode::kConfigUnsupported, element, path, text("it is empty; put the right file there"));
  }
}

}  // namespace

UniqueFd open_file(const std::string& element, const std::string& path, int flags) {
  // Opening alone has effects on some devices (a watchdog starts, a tape rewinds), so the kind is looked at
  // before, and again on what was opened.
  struct stat before {};
  if (stat(path.c_str(), &before) != 0) {
    fail(ErrorCode::kSystemError, element, path, explain(errno));
  }
  check_kind(before, element, path);
  UniqueFd file(open(path.c_str(), flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (!file) {
    fail(ErrorCode::kSystemError, element, path, explain(errno, flags));
  }
  struct stat status {};
  if (fstat(file.get(), &status) != 0) {
    fail(ErrorCode::kSystemError, element, path, explain(errno));
  }
  check_kind(status, element, path);
  return file;
}

}  // namespace virtsev::spec
