// SPDX-License-Identifier: LGPL-2.1-or-later
// Who hands single reads and writes of a disk's image to the kernel, without waiting for them: io_uring, or
// threads where there is none.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include <sys/uio.h>

#include "driver/vmm/loop/event_loop.hpp"

namespace virtsev::vmm {

/// One call to the kernel on the image. Whoever begins it keeps it, unchanged, until `done`.
struct IoOperation {
  enum class Kind : std::uint8_t {
    kRead,      ///< preadv(2)
    kWrite,     ///< pwritev2(2)
    kSync,      ///< fdatasync(2)
    kAllocate,  ///< fallocate(2)
  };
  Kind kind = Kind::kRead;
  bool durable = false;           ///< Of a write: on the medium when it is done (RWF_DSYNC)
  int mode = 0;                   ///< Of an allocation: FALLOC_FL_*
  std::span<const iovec> pieces;  ///< At most IOV_MAX
  std::uint64_t offset = 0;       ///< Bytes from the image's start
  std::uint64_t length = 0;       ///< Of an allocation, bytes
  /// What the call answered, a negative errno where it failed: the loop's thread, never from within begin().
  /// May begin others.
  std::function<void(std::int64_t result)> done;
};

/// Made and destroyed by any thread; all else is the thread's of the loop that it was made with.
class IoEngine {
 public:
  /// Waits until the kernel has done with what was begun; `done` is called for none of it any more.
  virtual ~IoEngine() = default;
  virtual void begin(IoOperation& operation) = 0;
  /// What was begun goes to the kernel, if it has not yet. Called by the engine itself after completions.
  virtual void submit() = 0;
  /// To be called after some `done`, once for all that came together.
  virtual void on_batch(std::function<void()> batch) = 0;
};

/// One that is made before it has an image, and has several, one after another: for disks that come when
/// nothing can be set up any more.
class SpareEngine : public IoEngine {
 public:
  /// Another image from now on, borrowed; -1: none. What was begun on the one before has ended when this
  /// returns, and `done` is called for none of it any more. Any thread, while no other one uses the engine
  /// but its loop's for completions. Throws std::system_error.
  virtual void use(int fd) = 0;
};

/// What an engine's own threads call first: their sandbox.
using ThreadSandbox = std::function<void()>;

/// io_uring's, or, where the kernel has none or refuses it (ENOSYS, EPERM and EINVAL) or `threads` asks for
/// it, that of threads. `fd`: the image, borrowed. Before the sandbox closes: it sets up what cannot be set
/// up later. Throws std::system_error.
std::unique_ptr<IoEngine> make_io_engine(int fd, bool threads, EventLoop& loop, const ThreadSandbox& sandbox);

/// The same without an image yet.
std::unique_ptr<SpareEngine> make_spare_engine(EventLoop& loop, const ThreadSandbox& sandbox);

/// A disk's own for as long as it lives: begins on a spare one, which goes on without an image then. `spare`
/// outlives it. Throws std::system_error.
std::unique_ptr<IoEngine> lend_engine(SpareEngine& spare, int fd);

}  // namespace virtsev::vmm
