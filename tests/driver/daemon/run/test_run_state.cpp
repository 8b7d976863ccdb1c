// SPDX-License-Identifier: LGPL-2.1-or-later
// The state machine of a domain's life: which steps are legal where, and what clients hear of each.
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <libvirt/libvirt.h>

#include "driver/daemon/run/run_state.hpp"

namespace virtsev::daemon {
namespace {

using Pair = std::pair<std::string, std::string>;
using Events = std::vector<std::pair<int, int>>;

constexpr LifecycleEvent kPanicked{VIR_DOMAIN_EVENT_CRASHED, VIR_DOMAIN_EVENT_CRASHED_PANICKED};
constexpr std::pair<int, int> kReboot{-1, -1};

Launch spawned() {
  Launch launch;
  launch.spawned = true;
  return launch;
}

std::map<std::string, RunState> states() {
  return {{"Off", Off{VIR_DOMAIN_SHUTOFF_UNKNOWN}},
          {"Starting", Starting{}},
          {"Starting, spawned", Starting{spawned()}},
          {"Found", Found{{VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED}}},
          {"Running", Running{VIR_DOMAIN_RUNNING_BOOTED}},
          {"Paused", Paused{VIR_DOMAIN_PAUSED_USER}},
          {"Ending to be destroyed", Ending{Running{VIR_DOMAIN_RUNNING_BOOTED}, Ending::For::kDestroy}},
          {"Ending to be reset", Ending{Running{VIR_DOMAIN_RUNNING_BOOTED}, Ending::For::kReset}},
          {"Ending after a dump", Ending{Paused{VIR_DOMAIN_PAUSED_DUMP}, Ending::For::kCrash}},
          {"Relaunching", Relaunching{}},
          {"Relaunching, spawned", Relaunching{spawned()}}};
}

std::vector<Step> steps() {
  return {step::Begin{},
          step::Find{{VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER}},
          step::Spawn{},
          step::Launched{false},
          step::Reach{},
          step::Pause{VIR_DOMAIN_PAUSED_USER, VIR_DOMAIN_EVENT_SUSPENDED_PAUSED},
          step::Resume{VIR_DOMAIN_RUNNING_UNPAUSED, VIR_DOMAIN_EVENT_RESUMED_UNPAUSED},
          step::End{Ending::For::kDestroy},
          step::Spare{},
          step::Relaunch{},
          step::Stop{VIR_DOMAIN_SHUTOFF_DESTROYED},
          step::Crash{true}};
}

// As the picture at the head of run_state.hpp has it.
const std::map<Pair, std::string> kLegal = {
    {{"Off", "Begin"}, "Starting"},
    {{"Off", "Find"}, "Found"},
    {{"Starting", "Spawn"}, "Starting"},
    {{"Starting", "Stop"}, "Off"},
    {{"Starting, spawned", "Launched"}, "Running"},
    {{"Starting, spawned", "Stop"}, "Off"},
    {{"Found", "Reach"}, "Running"},
    {{"Found", "Relaunch"}, "Relaunching"},
    {{"Found", "Stop"}, "Off"},
    {{"Running", "Pause"}, "Paused"},
    {{"Running", "Crash"}, "Paused"},
    {{"Paused", "Crash"}, "Paused"},
    {{"Ending to be destroyed", "Crash"}, "Ending"},
    {{"Ending to be reset", "Crash"}, "Ending"},
    {{"Ending after a dump", "Crash"}, "Ending"},
    {{"Running", "End"}, "Ending"},
    {{"Running", "Relaunch"}, "Relaunching"},
    {{"Running", "Stop"}, "Off"},
    {{"Paused", "Pause"}, "Paused"},
    {{"Paused", "Resume"}, "Running"},
    {{"Paused", "End"}, "Ending"},
    {{"Paused", "Relaunch"}, "Relaunching"},
    {{"Paused", "Stop"}, "Off"},
    {{"Ending to be destroyed", "Pause"}, "Ending"},
    {{"Ending to be destroyed", "Resume"}, "Ending"},
    {{"Ending to be destroyed", "Spare"}, "Running"},
    {{"Ending to be destroyed", "Stop"}, "Off"},
    {{"Ending to be reset", "Pause"}, "Ending"},
    {{"Ending to be reset", "Resume"}, "Ending"},
    {{"Ending to be reset", "Spare"}, "Running"},
    {{"Ending to be reset", "Relaunch"}, "Relaunching"},
    {{"Ending to be reset", "Stop"}, "Off"},
    {{"Ending after a dump", "Pause"}, "Ending"},
    {{"Ending after a dump", "Resume"}, "Ending"},
    {{"Ending after a dump", "Spare"}, "Paused"},
    {{"Ending after a dump", "Stop"}, "Off"},
    {{"Relaunching", "Spawn"}, "Relaunching"},
    {{"Relaunching", "Stop"}, "Off"},
    {{"Relaunching, spawned", "Launched"}, "Running"},
    {{"Relaunching, spawned", "Stop"}, "Off"},
};

Events events_of(const std::optional<Change>& change) {
  Events events;
  if (!change) {
    return events;
  }
  if (change->before) {
    events.emplace_back(change->before->event, change->before->detail);
  }
  for (const Change::Event& event : change->events) {
    const auto* const lifecycle = std::get_if<LifecycleEvent>(&event);
    events.push_back(lifecycle != nullptr ? std::pair(lifecycle->event, lifecycle->detail) : kReboot);
  }
  return events;
}

TEST(RunState, TakesTheStepsOfThePictureAndNoOthers) {
  std::size_t legal = 0;
  for (const auto& [name, state] : states()) {
    for (const Step& step : steps()) {
      const std::string pair = name + ", " + name_of(step);
      const auto change = next(state, step);
      const auto expected = kLegal.find({name, name_of(step)});
      ASSERT_EQ(expected != kLegal.end(), change.has_value()) << pair;
      if (change) {
        ++legal;
        EXPECT_EQ(expected->second, name_of(change->to)) << pair;
      }
    }
  }
  EXPECT_EQ(kLegal.size(), legal);
}

TEST(RunState, AGuestThatPanickedIsShownAsCrashedAndGoesOnWhereItIsTold) {
  const auto crashed = next(Running{VIR_DOMAIN_RUNNING_BOOTED}, step::Crash{true});
  ASSERT_TRUE(crashed);
  EXPECT_EQ((Events{{VIR_DOMAIN_EVENT_CRASHED, VIR_DOMAIN_EVENT_CRASHED_PANICKED}}), events_of(crashed));
  EXPECT_EQ(VIR_DOMAIN_CRASHED, shown(crashed->to).state);
  EXPECT_EQ(VIR_DOMAIN_CRASHED_PANICKED, shown(crashed->to).reason);
  const auto resumed = next(crashed->to, step::Resume{VIR_DOMAIN_RUNNING_UNPAUSED, {}});
  ASSERT_TRUE(resumed);
  EXPECT_EQ(VIR_DOMAIN_RUNNING, shown(resumed->to).state);
  const auto found = next(Found{{VIR_DOMAIN_CRASHED, VIR_DOMAIN_CRASHED_PANICKED}}, step::Reach{});
  ASSERT_TRUE(found);
  EXPECT_EQ(VIR_DOMAIN_CRASHED, shown(found->to).state);
}

TEST(RunState, AStartIsToldAsLibvirtTellsIt) {
  const RunState starting = Starting{spawned()};
  EXPECT_EQ((Events{{VIR_DOMAIN_EVENT_RESUMED, VIR_DOMAIN_EVENT_RESUMED_UNPAUSED},
                    {VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STARTED_BOOTED}}),
            events_of(next(starting, step::Launched{false})));
  EXPECT_EQ((Events{{VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STARTED_BOOTED},
                    {VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_EVENT_SUSPENDED_PAUSED}}),
            events_of(next(starting, step::Launched{true})));
  EXPECT_TRUE(events_of(next(starting, step::Stop{VIR_DOMAIN_SHUTOFF_FAILED})).empty())
      << "the end of a start that nobody heard of";
}

TEST(RunState, ARelaunchIsToldAsAReboot) {
  const RunState again = Relaunching{spawned()};
  EXPECT_EQ((Events{kReboot}), events_of(next(again, step::Launched{false})));
  EXPECT_EQ((Events{kReboot, {VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_EVENT_SUSPENDED_PAUSED}}),
            events_of(next(again, step::Launched{true})));
  EXPECT_EQ((Events{{VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_FAILED}}),
            events_of(next(again, step::Stop{VIR_DOMAIN_SHUTOFF_FAILED})));
}

TEST(RunState, WhyItEndsIsToldFirst) {
  const RunState running = Running{VIR_DOMAIN_RUNNING_BOOTED};
  EXPECT_EQ((Events{{kPanicked.event, kPanicked.detail},
                    {VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_CRASHED}}),
            events_of(next(running, step::Stop{VIR_DOMAIN_SHUTOFF_CRASHED, kPanicked})));
  EXPECT_EQ((Events{{kPanicked.event, kPanicked.detail}}),
            events_of(next(running, step::Relaunch{kPanicked})));
  EXPECT_EQ((Events{{VIR_DOMAIN_EVENT_SHUTDOWN, VIR_DOMAIN_EVENT_SHUTDOWN_HOST}}),
            events_of(next(running, step::End{Ending::For::kDestroy})));
  EXPECT_TRUE(events_of(next(running, step::End{Ending::For::kReset})).empty());
}

TEST(RunState, WhatVirtsevdFoundSoIsNotTold) {
  EXPECT_TRUE(events_of(next(Running{VIR_DOMAIN_RUNNING_BOOTED}, step::Pause{0, {}})).empty());
  EXPECT_TRUE(events_of(next(Paused{VIR_DOMAIN_PAUSED_USER}, step::Resume{0, {}})).empty());
}

TEST(RunState, IsShownAsLibvirtsStates) {
  const auto pair = [](const RunState& state) { return std::pair(shown(state).state, shown(state).reason); };
  EXPECT_EQ(std::pair(+VIR_DOMAIN_SHUTOFF, 3), pair(Off{3}));
  EXPECT_EQ(std::pair(+VIR_DOMAIN_PAUSED, +VIR_DOMAIN_PAUSED_STARTING_UP), pair(Starting{}));
  EXPECT_EQ(std::pair(+VIR_DOMAIN_PAUSED, +VIR_DOMAIN_PAUSED_STARTING_UP), pair(Relaunching{}));
  EXPECT_EQ(std::pair(0, 7), pair(Found{{0, 7}}));
  EXPECT_EQ(std::pair(+VIR_DOMAIN_RUNNING, 1), pair(Running{1}));
  EXPECT_EQ(std::pair(+VIR_DOMAIN_PAUSED, 1), pair(Paused{1}));
  EXPECT_EQ(std::pair(+VIR_DOMAIN_PAUSED, 2), pair(Ending{Paused{2}, Ending::For::kReset}))
      << "as it was before its end was asked for";
}

TEST(RunState, FoundInNoStateThatCanBeIsPausedUntilItsMonitorSaysMore) {
  for (const int nonsense : {0, +VIR_DOMAIN_SHUTOFF, 77}) {
    const auto change = next(Found{{nonsense, 5}}, step::Reach{});
    ASSERT_TRUE(change);
    EXPECT_EQ(VIR_DOMAIN_PAUSED, shown(change->to).state);
    EXPECT_EQ(VIR_DOMAIN_PAUSED_UNKNOWN, shown(change->to).reason);
  }
}

TEST(RunState, OnlyWhoLaunchesOrEndsItDealsWithItsMonitorsEnd) {
  for (const auto& [name, state] : states()) {
    const bool expected = name.starts_with("Starting") || name.starts_with("Relaunching") ||
                          name == "Ending to be reset" || name == "Ending after a dump";
    EXPECT_EQ(expected, is_in_transit(state)) << name;
  }
}

}  // namespace
}  // namespace virtsev::daemon
