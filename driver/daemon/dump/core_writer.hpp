// SPDX-License-Identifier: LGPL-2.1-or-later
// The event loop's end of a core file that a thread writes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>

#include "driver/daemon/loop/latch.hpp"
#include "driver/daemon/loop/patient_calls.hpp"
#include "sevcore/base/bytes.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon {

class CoreWriter {
 public:
  /// write_core_file(), or what a test has in its place.
  using WriteFile = std::function<void(const std::string& path, std::uint64_t size, UniqueFd peer)>;

  CoreWriter(asio::io_context& io, PatientCalls& threads, WriteFile write_file);
  /// Gives up what is not finished: nothing is left of the file.
  ~CoreWriter();
  CoreWriter(const CoreWriter&) = delete;
  CoreWriter& operator=(const CoreWriter&) = delete;

  // Each throws what write_core_file() does, or Error(kOperationAborted) once `give_up` has fired: nobody
  // then waits for the thread any more.
  /// First. Returns when the file is made, for `size` bytes in the end. `give_up` is there until this
  /// returns.
  asio::awaitable<void> open(std::string path, std::uint64_t size, Latch& give_up);
  /// Waits for room on the way to the thread.
  asio::awaitable<void> write(const Bytes& bytes);
  /// After `size` bytes. Returns when they are on the disk.
  asio::awaitable<void> finish();

  /// Whoever waits in one of the above is woken: at once where the thread comes back by that, else when the
  /// writer's `give_up` has fired.
  void interrupt();
  /// Gives it up, and waits until nothing is left of the file, or `give_up` has fired. Throws nothing.
  asio::awaitable<void> abandon();

 private:
  struct Shared;
  asio::io_context& io_;
  PatientCalls& threads_;
  const WriteFile write_file_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace virtsev::daemon
