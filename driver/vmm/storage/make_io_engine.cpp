// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cerrno>
#include <system_error>
#include <utility>

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

std::unique_ptr<SpareEngine> make(int fd, bool threads, EventLoop& loop, const ThreadSandbox& sandbox) {
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

class LentEngine final : public IoEngine {
 public:
  LentEngine(SpareEngine& spare, int fd) : spare_(spare) { spare_.use(fd); }
  ~LentEngine() override {
    try {
      spare_.use(-1);
    } catch (const std::system_error&) {
      // The kernel has no memory: the image stays open until another one comes in its place.
    }
    spare_.on_batch({});
  }
  LentEngine(const LentEngine&) = delete;
  LentEngine& operator=(const LentEngine&) = delete;

  void begin(IoOperation& operation) override { spare_.begin(operation); }
  void submit() override { spare_.submit(); }
  void on_batch(std::function<void()> batch) override { spare_.on_batch(std::move(batch)); }

 private:
  SpareEngine& spare_;
};

}  // namespace

std::unique_ptr<IoEngine> make_io_engine(int fd, bool threads, EventLoop& loop,
                                         const ThreadSandbox& sandbox) {
  return make(fd, threads, loop, sandbox);
}

std::unique_ptr<SpareEngine> make_spare_engine(EventLoop& loop, const ThreadSandbox& sandbox) {
  return make(-1, false, loop, sandbox);
}

std::unique_ptr<IoEngine> lend_engine(SpareEngine& spare, int fd) {
  return std::make_unique<LentEngine>(spare, fd);
}

}  // namespace virtsev::vmm
