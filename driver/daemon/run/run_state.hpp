// SPDX-License-Identifier: LGPL-2.1-or-later
// A domain's life as a state machine:
//
//                    Off <------------------- Stop: from every other state ------------------.
//                     |                                                                       |
//         .-----------+-----------.                                                           |
//         | Begin                 | Find: an earlier virtsevd started it                      |
//         v                       v                                                           |
//     Starting --.              Found --------------------------------------- Relaunch -----.  |
//      |   ^     | Spawn          |                                                         |  |
//      |   '-----'                | Reach: its monitor answers to this virtsevd             |  |
//      |                          |                                                         |  |
//      | Launched                 |        .------------------------------ Relaunch -----.  |  |
//      |                          |        |                                             |  |  |
//      |    .---------------------v--------+---------------------.                       |  |  |
//      '--->|  Running ------------- Pause -------------> Paused |                       v  v  |
//           |  Running <------------ Resume ------------- Paused |<---- Launched ---- Relaunching
//           '----+-----------------------------------------------'                     |   ^  ^
//                |                  ^                                                  '---'  |
//                | End: asked for   | Spare: the monitor did not end in time           Spawn  |
//                v                  |                                                         |
//              Ending --------------'------------------------- Relaunch: End was a reset -----'
//
// Crash leads from where Pause does to Paused, too. Pause, Crash and Resume within Ending change what it goes
// back to. All other pairs of state and step are illegal. next() is all of it; Lifecycle::transition() is the
// only place that takes a step: it saves the domain's status file, sends the events, and tells those who
// wait, in this order. Whenever virtsevd is killed between two of these, the next one goes on from the file;
// so nothing is done before a step that can't be done again after it.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "driver/daemon/api/driver.hpp"
#include "driver/daemon/monitor/monitor.hpp"

namespace virtsev::daemon {

/// No guest. `reason`: virDomainShutoffReason.
struct Off {
  int reason;
};

/// What a launch under way has; it deals with its monitor's end itself.
struct Launch {
  bool spawned = false;                 ///< Its monitor is there
  std::string stalled;                  ///< It was given up, as it did not go on; why
  bool killed = false;                  ///< Its monitor was alive when the launch was given up
  std::optional<MonitorEnd> early_end;  ///< The monitor's end, where it came before the launch's
};
/// Clients know of no guest yet: they hear of its end only by the call that started it.
struct Starting : Launch {};
/// Under the same id, in the place of a guest that ended: not lost where virtsevd dies.
struct Relaunching : Launch {};

/// A guest that an earlier virtsevd started; `shown` is what stood in its status file.
struct Found {
  DomainState shown;
};

/// `reason`: virDomainRunningReason.
struct Running {
  int reason;
};
/// `reason`: virDomainPausedReason. `crashed`: it stands still because it said that it panicked; clients see
/// it as crashed, and may have it go on.
struct Paused {
  int reason;
  bool crashed = false;
};

/// Its end was asked for; clients see it as it was before.
struct Ending {
  enum class For { kDestroy, kReset, kCrash };
  std::variant<Running, Paused> before;
  For what;
};

using RunState = std::variant<Off, Starting, Found, Running, Paused, Ending, Relaunching>;

/// What happens to a domain.
namespace step {

/// A client, or the host's boot, starts it.
struct Begin {};
/// A status file names a monitor.
struct Find {
  DomainState shown;
};
/// The launch has a monitor.
struct Spawn {};
/// Measured; and, unless `paused`, its vCPUs run.
struct Launched {
  bool paused;
};
/// This virtsevd has a connection to the monitor.
struct Reach {};
/// `told`: as which event clients hear of it (virDomainEventSuspendedDetailType); none: they do not, as
/// virtsevd found it so.
struct Pause {
  int reason;
  std::optional<int> told;
};
/// `told`: virDomainEventResumedDetailType.
struct Resume {
  int reason;
  std::optional<int> told;
};
struct End {
  Ending::For what;
};
struct Spare {};
/// `because`: an event that comes first, under the id that the domain still has.
struct Relaunch {
  std::optional<LifecycleEvent> because;
};
struct Stop {
  int reason;
  std::optional<LifecycleEvent> because = std::nullopt;
  std::string remark = {};  ///< For the guest's log: how it ended, where that was not asked for
};

/// It said that it panicked, and its monitor keeps it (<on_crash>preserve</on_crash>). `told`: clients hear
/// of it; else virtsevd found it so.
struct Crash {
  bool told;
};

}  // namespace step

using Step = std::variant<step::Begin, step::Find, step::Spawn, step::Launched, step::Reach, step::Pause,
                          step::Resume, step::End, step::Spare, step::Relaunch, step::Stop, step::Crash>;

/// What a step comes to: the next state, and what clients hear, in this order.
struct Change {
  using Event = std::variant<LifecycleEvent, RebootEvent>;
  RunState to;
  std::optional<LifecycleEvent> before;  ///< With the domain's id before the step
  std::vector<Event> events;             ///< With its id after it
};

/// Nothing: the step is illegal in that state.
std::optional<Change> next(const RunState& from, const Step& step);

/// As it stands in the picture, for logs.
const char* name_of(const RunState& state);
const char* name_of(const Step& step);

/// How libvirt's clients see it.
DomainState shown(const RunState& state);

/// Whoever launches or ends the guest deals with its monitor's end: it is nobody else's affair.
bool is_in_transit(const RunState& state);

/// The launch under way; null where there is none.
Launch* launch_in(RunState& state);
const Launch* launch_in(const RunState& state);

}  // namespace virtsev::daemon
