// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cerrno>
#include <system_error>

#include "driver/vmm/storage/io_engine.hpp"
#include "driver/vmm/storage/thread_engine.hpp"
#include "driver/vmm/storage/uring_engine.hpp"

namespace virtsev::vmm {
namespace {

/// The kernel has no io_uring (ENOSYS), an administrator or a container's filter closed it (EPERM,
/// kernel.io_uring_disabled), it is older than restrictions (EINVAL before Linux 5.10), or the user's locked
/// memory is used up, which rings counted against before 5.12 (ENOMEM).
bool does_without(int error) {
  return error == ENOSYS || error == EPERM || error == EINVAL || error == ENOMEM;
}

}  // namespace

std::unique_ptr<IoEngine> make_io_engine(int fd, bool threads, EventLoop& loop,
                                         const ThreadSandbox& sandbox) {
  if (!threads) {
    try {
      return std::make_unique<UringEngine>(fd, loop);
    } catch (const std::system_error& error) {
      if (!does_without(error.code().value())) {
        throw;
      }
    }
  }
  return std::make_unique<ThreadEngine>(fd, loop, sandbox);
}

}  // namespace virtsev::vmm
