// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/files/read_file.hpp"

#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>

#include "sevcore/base/uninterrupted.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon {
namespace {

Result<std::string, int> read_all(int fd, std::size_t max_bytes) {
  std::string content;
  char buffer[8192];
  for (;;) {
    const ssize_t got = uninterrupted([&] { return ::read(fd, buffer, sizeof buffer); });
    if (got < 0) {
      return unexpected(errno);
    }
    if (got == 0) {
      return content;
    }
    if (content.size() + static_cast<std::size_t>(got) > max_bytes) {
      return unexpected(EFBIG);
    }
    content.append(buffer, static_cast<std::size_t>(got));
  }
}

}  // namespace

Result<std::string, int> read_file(const std::string& path, std::size_t max_bytes) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) {
    return unexpected(errno);
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) {
    return unexpected(errno);
  }
  if (!S_ISREG(status.st_mode)) {
    return unexpected(EINVAL);
  }
  return read_all(fd.get(), max_bytes);
}

std::string read_small(const std::string& path) {
  constexpr std::size_t kMaxBytes = 4U << 20;
  return read_file(path, kMaxBytes).value_or(std::string());
}

std::string error_text(int error_number) { return std::generic_category().message(error_number); }

}  // namespace virtsev::daemon
