// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/run/run_state.hpp"

#include <array>
#include <utility>

#include <libvirt/libvirt.h>

namespace virtsev::daemon {
namespace {

using Guest = std::variant<Running, Paused>;

LifecycleEvent suspended(int detail) { return {VIR_DOMAIN_EVENT_SUSPENDED, detail}; }
LifecycleEvent resumed(int detail) { return {VIR_DOMAIN_EVENT_RESUMED, detail}; }

int stopped_detail(int reason) {
  switch (reason) {
    case VIR_DOMAIN_SHUTOFF_SHUTDOWN:
      return VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN;
    case VIR_DOMAIN_SHUTOFF_DESTROYED:
      return VIR_DOMAIN_EVENT_STOPPED_DESTROYED;
    case VIR_DOMAIN_SHUTOFF_CRASHED:
      return VIR_DOMAIN_EVENT_STOPPED_CRASHED;
    default:
      return VIR_DOMAIN_EVENT_STOPPED_FAILED;
  }
}

RunState state_of(const Guest& guest) {
  return std::visit([](const auto& each) -> RunState { return each; }, guest);
}

Guest guest_after(const step::Launched& launched) {
  return launched.paused ? Guest(Paused{VIR_DOMAIN_PAUSED_USER}) : Guest(Running{VIR_DOMAIN_RUNNING_BOOTED});
}

constexpr Paused kCrashed{VIR_DOMAIN_PAUSED_CRASHED, true};

// Where the file says nothing that can be, the guest is taken to stand still until its monitor says more.
Guest guest_of(const DomainState& found) {
  switch (found.state) {
    case VIR_DOMAIN_RUNNING:
      return Running{found.reason};
    case VIR_DOMAIN_PAUSED:
      return Paused{found.reason};
    case VIR_DOMAIN_CRASHED:
      return kCrashed;
    default:
      return Paused{VIR_DOMAIN_PAUSED_UNKNOWN};
  }
}

std::vector<Change::Event> told(const std::optional<int>& detail, LifecycleEvent (*event)(int)) {
  return detail ? std::vector<Change::Event>{event(*detail)} : std::vector<Change::Event>{};
}

std::vector<Change::Event> told(const step::Crash& crash) {
  return told(crash.told ? std::optional<int>(VIR_DOMAIN_EVENT_CRASHED_PANICKED) : std::nullopt,
              [](int detail) {
                return LifecycleEvent{VIR_DOMAIN_EVENT_CRASHED, detail};
              });
}

using MaybeChange = std::optional<Change>;

/// One overload for each pair of state and step that is legal; each other one is caught by the last.
struct Table {
  MaybeChange operator()(const Off&, const step::Begin&) const { return Change{Starting{}, {}, {}}; }
  MaybeChange operator()(const Off&, const step::Find& find) const {
    return Change{Found{find.shown}, {}, {}};
  }

  MaybeChange operator()(const Starting& from, const step::Spawn&) const { return spawn(from); }
  MaybeChange operator()(const Relaunching& from, const step::Spawn&) const { return spawn(from); }

  MaybeChange operator()(const Starting& from, const step::Launched& launched) const {
    constexpr LifecycleEvent kStarted{VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STARTED_BOOTED};
    if (!from.spawned) {
      return std::nullopt;
    }
    if (launched.paused) {
      return Change{
          state_of(guest_after(launched)), {}, {kStarted, suspended(VIR_DOMAIN_EVENT_SUSPENDED_PAUSED)}};
    }
    return Change{
        state_of(guest_after(launched)), {}, {resumed(VIR_DOMAIN_EVENT_RESUMED_UNPAUSED), kStarted}};
  }
  MaybeChange operator()(const Relaunching& from, const step::Launched& launched) const {
    if (!from.spawned) {
      return std::nullopt;
    }
    Change change{state_of(guest_after(launched)), {}, {RebootEvent{}}};
    if (launched.paused) {
      change.events.emplace_back(suspended(VIR_DOMAIN_EVENT_SUSPENDED_PAUSED));
    }
    return change;
  }

  MaybeChange operator()(const Found& from, const step::Reach&) const {
    return Change{state_of(guest_of(from.shown)), {}, {}};
  }

  MaybeChange operator()(const Running&, const step::Pause& pause) const {
    return Change{Paused{pause.reason}, {}, told(pause.told, suspended)};
  }
  // For another reason than before: a guest that could not be resumed.
  MaybeChange operator()(const Paused&, const step::Pause& pause) const {
    return Change{Paused{pause.reason}, {}, told(pause.told, suspended)};
  }
  MaybeChange operator()(const Paused&, const step::Resume& resume) const {
    return Change{Running{resume.reason}, {}, told(resume.told, resumed)};
  }
  // An answer that came before the end.
  MaybeChange operator()(const Ending& from, const step::Pause& pause) const {
    return Change{Ending{Paused{pause.reason}, from.what}, {}, told(pause.told, suspended)};
  }
  MaybeChange operator()(const Ending& from, const step::Resume& resume) const {
    return Change{Ending{Running{resume.reason}, from.what}, {}, told(resume.told, resumed)};
  }

  MaybeChange operator()(const Running&, const step::Crash& crash) const {
    return Change{kCrashed, {}, told(crash)};
  }
  MaybeChange operator()(const Paused&, const step::Crash& crash) const {
    return Change{kCrashed, {}, told(crash)};
  }
  MaybeChange operator()(const Ending& from, const step::Crash& crash) const {
    return Change{Ending{kCrashed, from.what}, {}, told(crash)};
  }

  MaybeChange operator()(const Running& from, const step::End& end) const { return begin_end(from, end); }
  MaybeChange operator()(const Paused& from, const step::End& end) const { return begin_end(from, end); }
  MaybeChange operator()(const Ending& from, const step::Spare&) const {
    return Change{state_of(from.before), {}, {}};
  }

  MaybeChange operator()(const Found&, const step::Relaunch& again) const { return relaunch(again); }
  MaybeChange operator()(const Running&, const step::Relaunch& again) const { return relaunch(again); }
  MaybeChange operator()(const Paused&, const step::Relaunch& again) const { return relaunch(again); }
  MaybeChange operator()(const Ending& from, const step::Relaunch& again) const {
    return from.what == Ending::For::kReset ? relaunch(again) : std::nullopt;
  }

  // Only who heard of its start hears of its end.
  MaybeChange operator()(const Starting&, const step::Stop& stop) const {
    return Change{Off{stop.reason}, {}, {}};
  }
  MaybeChange operator()(const Found&, const step::Stop& stop) const { return over(stop); }
  MaybeChange operator()(const Running&, const step::Stop& stop) const { return over(stop); }
  MaybeChange operator()(const Paused&, const step::Stop& stop) const { return over(stop); }
  MaybeChange operator()(const Ending&, const step::Stop& stop) const { return over(stop); }
  MaybeChange operator()(const Relaunching&, const step::Stop& stop) const { return over(stop); }

  template <typename State, typename AnyStep>
  MaybeChange operator()(const State&, const AnyStep&) const {
    return std::nullopt;
  }

 private:
  template <typename Launching>
  static MaybeChange spawn(Launching launching) {
    if (launching.spawned) {
      return std::nullopt;
    }
    launching.spawned = true;
    return Change{std::move(launching), {}, {}};
  }
  static MaybeChange begin_end(Guest guest, const step::End& end) {
    Change change{Ending{guest, end.what}, {}, {}};
    if (end.what == Ending::For::kDestroy) {
      change.events.emplace_back(LifecycleEvent{VIR_DOMAIN_EVENT_SHUTDOWN, VIR_DOMAIN_EVENT_SHUTDOWN_HOST});
    }
    return change;
  }
  static MaybeChange relaunch(const step::Relaunch& again) {
    return Change{Relaunching{}, again.because, {}};
  }
  static MaybeChange over(const step::Stop& stop) {
    return Change{Off{stop.reason},
                  stop.because,
                  {LifecycleEvent{VIR_DOMAIN_EVENT_STOPPED, stopped_detail(stop.reason)}}};
  }
};

struct Shown {
  DomainState operator()(const Off& off) const { return {VIR_DOMAIN_SHUTOFF, off.reason}; }
  DomainState operator()(const Launch&) const { return {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_STARTING_UP}; }
  DomainState operator()(const Found& found) const { return found.shown; }
  DomainState operator()(const Running& running) const { return {VIR_DOMAIN_RUNNING, running.reason}; }
  DomainState operator()(const Paused& paused) const {
    return paused.crashed ? DomainState{VIR_DOMAIN_CRASHED, VIR_DOMAIN_CRASHED_PANICKED}
                          : DomainState{VIR_DOMAIN_PAUSED, paused.reason};
  }
  DomainState operator()(const Ending& ending) const { return std::visit(*this, ending.before); }
};

}  // namespace

std::optional<Change> next(const RunState& from, const Step& step) { return std::visit(Table{}, from, step); }

const char* name_of(const RunState& state) {
  static constexpr std::array<const char*, std::variant_size_v<RunState>> kNames = {
      "Off", "Starting", "Found", "Running", "Paused", "Ending", "Relaunching"};
  return kNames[state.index()];
}

const char* name_of(const Step& step) {
  static constexpr std::array<const char*, std::variant_size_v<Step>> kNames = {
      "Begin",  "Find", "Spawn", "Launched", "Reach", "Pause",
      "Resume", "End",  "Spare", "Relaunch", "Stop",  "Crash"};
  return kNames[step.index()];
}

DomainState shown(const RunState& state) { return std::visit(Shown{}, state); }

bool is_in_transit(const RunState& state) {
  const auto* const ending = std::get_if<Ending>(&state);
  return std::holds_alternative<Starting>(state) || std::holds_alternative<Relaunching>(state) ||
         (ending != nullptr && ending->what != Ending::For::kDestroy);
}

const Launch* launch_in(const RunState& state) {
  if (const auto* const starting = std::get_if<Starting>(&state)) {
    return starting;
  }
  return std::get_if<Relaunching>(&state);
}

Launch* launch_in(RunState& state) { return const_cast<Launch*>(launch_in(std::as_const(state))); }

}  // namespace virtsev::daemon
