// SPDX-License-Identifier: LGPL-2.1-or-later
// Whose turn it is with the simulated firmware, which does one thing at a time on the whole host. This is the
// one place that decides it.
//
// Who asks: a monitor, by the event FirmwareWanted with a number of its own and the size of its command. It
// waits, and answers its peer meanwhile (driver/vmm/control/firmware_turn.hpp).
// Who grants: virtsevd, by the request GrantFirmware with that number, to one monitor at a time, in the order
// of the wishes. The monitor gives its command, and says FirmwareDone with the number; it says that at once
// where it does not want the turn any more.
// No file and no lock stands for a turn, so nobody can hold one that virtsevd does not know of.
//
// Deadline: the time that the command takes by the platform's settings (for as much memory as one command
// goes over, whatever the monitor said), and 30 s. Who has not said FirmwareDone by then is ended: that is
// the one case in which virtsevd ends a monitor for being late, for all others wait for it; a real security
// processor has such a time-out, too. What has come from the monitor by that time is looked at before, so
// that a virtsevd that was late itself ends nobody. Fairness: who had a turn for longer than its command's
// time and a second waits as long before its next one.
//
// A monitor dies: its wish and its turn go with it (forget()), and the next has its turn.
// virtsevd dies: a command that is under way is carried out; monitors that wait ask the next virtsevd when it
// says Hello, and it begins with an empty queue. It does not know whose command is still under way: that one
// and the first that it grants may overlap. They share the firmware's time and nothing else, as each monitor
// has the firmware's state of its own guest.
// Monitors of the protocol's version 3 take their turns among themselves, by a lock on lib/platform/state.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <asio/steady_timer.hpp>

namespace virtsev::daemon {

/// Who may have a turn: a monitor.
class TurnTaker {
 public:
  TurnTaker() = default;
  TurnTaker(const TurnTaker&) = delete;
  TurnTaker& operator=(const TurnTaker&) = delete;
  virtual ~TurnTaker() = default;
  /// Tells it that it has the turn that it asked for under this number; by `limit` it has done with it.
  virtual void grant_firmware(std::uint64_t number, std::chrono::milliseconds limit) = 0;
  /// Passes on what it has said already.
  virtual void catch_up() = 0;
  /// It is past its deadline.
  virtual void end_for(const std::string& why) = 0;
};

/// One thread's: the event loop's.
class FirmwareTurns {
 public:
  using Milliseconds = std::chrono::milliseconds;
  struct Patience {
    Milliseconds grace = std::chrono::seconds(30);  ///< Beyond a command's own time, until its giver is ended
    Milliseconds unnoticed = std::chrono::seconds(1);  ///< Beyond it, until the next turn has to wait for it
  };
  explicit FirmwareTurns(const asio::any_io_executor& executor) : FirmwareTurns(executor, Patience{}) {}
  FirmwareTurns(const asio::any_io_executor& executor, Patience patience);

  /// `taker` has a command that takes `time`. It has one wish at a time; a later one takes its place.
  void want(const std::shared_ptr<TurnTaker>& taker, std::uint64_t number, Milliseconds time);
  void done(const std::shared_ptr<TurnTaker>& taker, std::uint64_t number);
  /// It is gone.
  void forget(const std::shared_ptr<TurnTaker>& taker);

 private:
  using Clock = std::chrono::steady_clock;
  struct Wish {
    std::weak_ptr<TurnTaker> taker;
    std::uint64_t number = 0;
    Milliseconds time{};
  };
  struct Turn {
    Wish wish;
    Clock::time_point since;
  };

  void next(Clock::time_point now);
  void give(Wish wish, Clock::time_point now);
  void take_back(Clock::time_point now);
  void overdue();
  void wait_until(Clock::time_point when);

  Patience patience_;
  asio::steady_timer timer_;
  std::deque<Wish> wishes_;
  std::optional<Turn> turn_;
  /// Before which time a monitor gets no turn.
  std::map<std::weak_ptr<TurnTaker>, Clock::time_point, std::owner_less<>> paused_;
};

/// How long the firmware takes for one command over `bytes` bytes, of which a command has 1 MiB at most.
std::chrono::milliseconds firmware_time(std::uint32_t delay_ms_per_mib, std::uint64_t bytes);

}  // namespace virtsev::daemon
