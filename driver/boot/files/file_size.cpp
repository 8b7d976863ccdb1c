// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/files/file_size.hpp"

#include <cerrno>
#include <cstring>

#include <sys/stat.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::boot {

std::uint64_t size_of(const spec::File& file) {
  struct stat status = {};
  if (::fstat(file.fd, &status) != 0) {
    throw Error(ErrorCode::kSystemError, text("cannot look at '{}': {}", file.path, std::strerror(errno)));
  }
  if (!S_ISREG(status.st_mode)) {
    throw Error(ErrorCode::kConfigUnsupported,
                text("'{}' is not a regular file; a kernel or initrd has to be one", file.path));
  }
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace virtsev::boot
