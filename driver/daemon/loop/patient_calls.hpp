// SPDX-License-Identifier: LGPL-2.1-or-later
// Calls that may take very long, or never return: a file on a server that is gone, a firmware that is busy.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>

#include <asio/awaitable.hpp>

namespace asio {
class io_context;
}

namespace virtsev::daemon {

class Latch;

/// Each call has a thread of its own, so that one that hangs stops no other; it is left behind where its
/// caller gives up, or the program ends.
class PatientCalls {
 public:
  explicit PatientCalls(asio::io_context& loop);
  ~PatientCalls();
  PatientCalls(const PatientCalls&) = delete;
  PatientCalls& operator=(const PatientCalls&) = delete;

  /// Runs `work` while the event loop goes on; what it throws is thrown here. False where `give_up` fired
  /// first: `work` then still runs, and what comes of it is dropped, so it holds all that it uses. Throws
  /// Error(kResourceBusy) where kMost calls are on their way.
  asio::awaitable<bool> run(std::function<void()> work, Latch& give_up);

  static constexpr std::size_t kMost = 64;

 private:
  struct Call;
  struct Threads;
  std::shared_ptr<Threads> threads_;
};

}  // namespace virtsev::daemon
