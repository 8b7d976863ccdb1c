// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/linux/read_kernel.hpp"

#include <cerrno>
#include <cstring>

#include <unistd.h>

#include "driver/boot/files/file_size.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/base/uninterrupted.hpp"

namespace virtsev::boot {
namespace {

/// Up to `size` bytes from the file's start; fewer where it is shorter.
Bytes read_start(const spec::File& file, std::size_t size) {
  Bytes start(size);
  const ssize_t got = pread_all(file.fd, start, 0);
  if (got < 0) {
    throw Error(ErrorCode::kSystemError, text("cannot read '{}': {}", file.path, std::strerror(errno)));
  }
  start.resize(static_cast<std::size_t>(got));
  return start;
}

std::string explain(BzImageFault fault, const std::string& path) {
  switch (fault) {
    case BzImageFault::kNotAKernel:
      return text(
          "kernel '{}' is not a Linux bzImage; give the file that distributions install as /boot/vmlinuz-*",
          path);
    case BzImageFault::kTruncated:
      return text(
          "kernel '{}' is truncated: it ends before the code that its header announces; copy it again", path);
    case BzImageFault::kTooOld:
      return text(
          "kernel '{}' is too old: its boot protocol is before 2.12; use Linux 4.16 or later for SEV, 5.10 "
          "or later for SEV-ES",
          path);
    case BzImageFault::kNotLoadedHigh:
      return text("kernel '{}' is a zImage, which has to lie below 1 MiB; use a bzImage", path);
    case BzImageFault::k32Bit:
      return text("kernel '{}' is a 32-bit kernel; SEV guests need a 64-bit (x86_64) one", path);
    case BzImageFault::kFixedElsewhere:
      return text(
          "kernel '{}' cannot run at address 0x1000000; use one built with CONFIG_RELOCATABLE=y and "
          "CONFIG_PHYSICAL_ALIGN of at most 0x1000000",
          path);
  }
  return text(
      "kernel '{}' is not a Linux bzImage; give the file that distributions install as /boot/vmlinuz-*",
      path);
}

}  // namespace

BzImage read_kernel(const spec::File& kernel) {
  const std::uint64_t size = size_of(kernel);
  auto image = parse_bzimage(read_start(kernel, kBzImageHeaderBytes), size);
  if (!image) {
    throw Error(ErrorCode::kConfigUnsupported, explain(image.error(), kernel.path));
  }
  return std::move(*image);
}

}  // namespace virtsev::boot
