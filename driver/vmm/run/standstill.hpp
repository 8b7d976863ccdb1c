// SPDX-License-Identifier: LGPL-2.1-or-later
// How one vCPU's thread, from within an exit of its own, has all vCPUs out of the guest for a moment.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <vector>

#include <pthread.h>

namespace virtsev::vmm {

/// Independent of what the I/O thread wants of a VcpuThread (pause, resume, stop): that says what a thread
/// does next, this only when it may enter the guest. A thread that is asked to pause while it waits here
/// pauses when the others go on; one that pauses, or is in an exit, is out of the guest already.
///
/// Locks: mutex_ is taken with no other lock held, and none is taken under it. The action runs without it,
/// `hurry` and the kicks with it.
class Standstill {
 public:
  /// A vCPU's thread, for as long as it runs; the thread's own.
  class Member {
   public:
    /// `kick` brings the thread out of the guest, or keeps it out if it is about to enter; called by other
    /// threads.
    Member(Standstill& standstill, std::function<void()> kick);
    ~Member();
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;

   private:
    friend class Standstill;
    Standstill& standstill_;
    std::function<void()> kick_;
    std::atomic<bool> inside_{false};
  };

  /// While it lives, the thread may be in the guest. Waits, at its beginning, as long as another has the
  /// standstill.
  class Visit {
   public:
    explicit Visit(Member& member);
    ~Visit();
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

   private:
    Member& member_;
  };

  /// Called by a vCPU's thread outside of the guest: `action` runs while every vCPU is outside. False, and
  /// nothing done, where another was at it: it has been waited for, and what it did may be what was wanted.
  /// What the action throws, this throws, and the vCPUs go on. `hurry`: for an action that may last; called
  /// each time that one that waits has waited for kTurn, by that one's thread, and asks for its end. Where it
  /// was called, this comes back after another kTurn, which is the others'.
  bool run_alone(const std::function<void()>& action, const std::function<void()>& hurry = {});

  /// So long the vCPUs leave each other where they can't run at the same time.
  static constexpr std::chrono::milliseconds kTurn{10};

 private:
  void stop_others();
  void let_go_on();
  void leave_a_turn();
  /// Until nobody has it.
  void wait_for_end(std::unique_lock<std::mutex>& lock);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Member*> members_;
  std::function<void()> hurry_;  ///< Of who has it; under mutex_
  bool hurried_ = false;         ///< It was called; under mutex_
  /// Somebody has it, or waits for the others. Written under mutex_; looked at without it on each way into
  /// the guest and out of it, with sequential consistency, as inside_: one of both sides sees the other.
  std::atomic<bool> closed_{false};
};

}  // namespace virtsev::vmm
