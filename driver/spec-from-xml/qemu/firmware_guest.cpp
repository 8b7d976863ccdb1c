// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/spec-from-xml/qemu/firmware_guest.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "driver/spec-from-xml/open_file.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::spec {
namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCode::kInvalidArgument, message); }

bool is_null_device(const struct stat& status) {
  return S_ISCHR(status.st_mode) && status.st_rdev == ::makedev(1, 3);
}

/// Any file of finite length that QEMU takes, an empty one and /dev/null included.
UniqueFd open_hashed(const NamedFile& file) {
  UniqueFd fd(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status = {};
  if (fd.get() < 0 || ::fstat(fd.get(), &status) != 0) {
    refuse(text("{} {}: {}", file.name, file.path, std::strerror(errno)));
  }
  if (!S_ISREG(status.st_mode) && !is_null_device(status)) {
    refuse(text("{} {}: this is not a regular file", file.name, file.path));
  }
  return fd;
}

}  // namespace

OpenedMachine open_guest(const FirmwareGuest& guest) {
  OpenedMachine opened;
  Machine& machine = opened.machine;
  machine.protection = guest.protection;
  machine.vcpus = guest.vcpus;
  machine.cpu.signature = guest.cpu_signature;
  FirmwareBoot boot;
  boot.known_digest = guest.known_digest;
  boot.image = opened.keep(open_file(guest.image.name, guest.image.path), guest.image.path);
  if (!guest.kernel.path.empty()) {
    Payload payload;
    payload.command_line = guest.command_line;
    payload.kernel = opened.keep(open_hashed(guest.kernel), guest.kernel.path);
    if (!guest.initrd.path.empty()) {
      payload.initrd = opened.keep(open_hashed(guest.initrd), guest.initrd.path);
    }
    boot.payload = std::move(payload);
  } else if (!guest.initrd.path.empty() || !guest.command_line.empty()) {
    throw Error(ErrorCode::kConfigUnsupported,
                text("--initrd and --cmdline need --kernel: firmware takes all three or none from the host"));
  }
  machine.boot = std::move(boot);
  return opened;
}

}  // namespace virtsev::spec
