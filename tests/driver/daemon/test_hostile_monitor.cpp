// SPDX-License-Identifier: LGPL-2.1-or-later
// Monitors that were taken over, and send what nobody asked for.
#include <libvirt/libvirt.h>

#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

using Events = std::vector<std::string>;
using HostileMonitor = HypervisorTest;

TEST_F(HostileMonitor, WhatItSaysOfItsConsoleIsTakenAFewTimesAlone) {
  const DomainHandle domain = start(define({.command_line = "resume=chatter"}));
  wait(driver().suspend(domain.uuid));  // The answer comes after all that was sent before
  EXPECT_NE(std::string::npos, driver().messages(domain.uuid).back().find("silence 3"))
      << driver().messages(domain.uuid).back();
  EXPECT_EQ("silence 3", status_of(domain).console_silent_text);
  EXPECT_TRUE(driver().any_active()) << "that alone is no reason to end a guest";
}

TEST_F(HostileMonitor, EventsWithoutEndEndIt) {
  const DomainHandle domain = define({.command_line = "resume=endless"});
  events_.clear();
  start(domain);
  wait_for_events(3);
  EXPECT_EQ((Events{"guest: resumed 0", "guest: started 0", "guest: stopped 2"}), events_);
  EXPECT_NE(std::string::npos, driver().messages(domain.uuid).back().find("without end"));
}

TEST_F(HostileMonitor, SayingAgainThatItEndsGivesItNoMoreTime) {
  const DomainHandle domain = define({.command_line = "resume=undying"});
  start(domain);
  const pid_t monitor = monitor_of(domain);
  events_.clear();
  wait_for_events(2);  // After its grace of 10 s
  EXPECT_EQ((Events{"guest: shutdown 1", "guest: stopped 0"}), events_);
  EXPECT_EQ(0U, start_time_of(monitor));
}

}  // namespace
}  // namespace virtsev::daemon
