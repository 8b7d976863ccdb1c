// SPDX-License-Identifier: LGPL-2.1-or-later
// What takes so long of a domain that clients ask how far it is (virDomainGetJobStats), and may want to end
// it (virDomainAbortJob): a start, a dump; a save or a migration would be another kind.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "driver/daemon/loop/latch.hpp"

namespace virtsev::daemon {

/// One thread's: the event loop's. A domain has one at a time.
class Job {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Kind {
    kStart,  ///< A launch, the first one or a relaunch
    kDump,
  };
  /// What clients may do with the domain meanwhile. Whatever the job, they may look at it, and end it.
  enum class Beside {
    kNothing,       ///< They wait for the domain's turn, until the job is over
    kAllButResume,  ///< The guest has to stand still
    kAll,
  };
  /// In bytes; total 0: not known yet.
  struct Progress {
    std::uint64_t done = 0, total = 0;
  };

  /// `give_up` makes whoever does the job end it soon; it is called once at most, and must not end the job
  /// itself.
  Job(const asio::any_io_executor& executor, Kind kind, Beside beside, std::function<void()> give_up)
      : kind_(kind), beside_(beside), give_up_(std::move(give_up)), over_(executor) {}

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] Beside beside() const { return beside_; }
  [[nodiscard]] std::chrono::milliseconds elapsed() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started_);
  }
  [[nodiscard]] const Progress& progress() const { return progress_; }
  /// Nothing where it says no more than is known: only what goes on is progress. No total is exceeded.
  void set_progress(const Progress& progress);
  /// Called whenever the job went on. Empty: nobody.
  void set_observer(std::function<void()> on_progress) { on_progress_ = std::move(on_progress); }

  /// A client wants it ended.
  void abort();
  [[nodiscard]] bool aborted() const { return aborted_; }
  /// Fires when nothing of it is under way any more.
  Latch& over() { return over_; }

 private:
  const Kind kind_;
  const Beside beside_;
  const Clock::time_point started_ = Clock::now();
  std::function<void()> give_up_, on_progress_;
  Progress progress_;
  bool aborted_ = false;
  Latch over_;
};

/// Makes a job its domain's for as long as this is there. `place` is the domain's; it must outlive this,
/// which leaves it alone where another job is there by the end.
class JobHold {
 public:
  JobHold(std::shared_ptr<Job>& place, std::shared_ptr<Job> job);
  ~JobHold();
  JobHold(const JobHold&) = delete;
  JobHold& operator=(const JobHold&) = delete;

 private:
  std::shared_ptr<Job>& place_;
  const std::shared_ptr<Job> job_;
};

}  // namespace virtsev::daemon
