// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/driver/boot/fakes/boot_files.hpp"

#include <stdexcept>

#include <sys/mman.h>
#include <unistd.h>

namespace virtsev::boot::test {

UniqueFd file_of(ByteView bytes) {
  UniqueFd fd(::memfd_create("virtsev-test", MFD_CLOEXEC));
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t put = ::write(fd.get(), bytes.data() + done, bytes.size() - done);
    if (put <= 0) {
      throw std::runtime_error("cannot fill a file in memory");
    }
    done += static_cast<std::size_t>(put);
  }
  return fd;
}

BootFiles::BootFiles(const Bytes& kernel, const std::optional<Bytes>& initrd) : kernel_(file_of(kernel)) {
  if (initrd) {
    initrd_ = file_of(*initrd);
  }
}

spec::Machine BootFiles::machine() const {
  spec::Machine machine;
  machine.memory_bytes = 512ULL << 20;
  machine.protection = sevcore::make_protection(sevcore::Policy(0x5));
  spec::Payload payload;
  payload.kernel = {kernel_.get(), "/boot/test-kernel"};
  if (initrd_) {
    payload.initrd = spec::File{initrd_.get(), "/boot/test-initrd"};
  }
  payload.command_line = "console=ttyS0";
  machine.boot = spec::DirectBoot{std::move(payload)};
  return machine;
}

}  // namespace virtsev::boot::test
