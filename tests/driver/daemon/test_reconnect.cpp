// SPDX-License-Identifier: LGPL-2.1-or-later
// The daemon's end and return: guests go on, and are found again.
#include <fstream>

#include <libvirt/libvirt.h>
#include <signal.h>
#include <unistd.h>

#include "driver/daemon/monitor/control_socket.hpp"
#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

using Events = std::vector<std::string>;

using Reconnect = HypervisorTest;

TEST_F(Reconnect, RunningGuestIsFoundAgainWithTheSameId) {
  start(define({.name = "earlier"}));
  const DomainHandle domain = start(define());
  const pid_t monitor = monitor_of(domain);
  const std::string xml_before = driver().xml(domain.uuid, 0);
  const auto info_before = driver().launch_security_info(domain.uuid);
  restart();
  EXPECT_EQ(domain.id, driver().lookup_by_name("guest").id);
  EXPECT_EQ(VIR_DOMAIN_RUNNING, driver().state(domain.uuid).state);
  EXPECT_EQ(VIR_DOMAIN_RUNNING_BOOTED, driver().state(domain.uuid).reason);
  EXPECT_EQ(xml_before, driver().xml(domain.uuid, 0));
  EXPECT_EQ(info_before.size(), driver().launch_security_info(domain.uuid).size());
  EXPECT_EQ(info_before[0].value, driver().launch_security_info(domain.uuid)[0].value);
  EXPECT_EQ(monitor, monitor_of(domain));
  events_.clear();
  wait(driver().destroy(domain.uuid, 0));
  EXPECT_EQ((Events{"guest: shutdown 2", "guest: stopped 1"}), events_);
}

TEST_F(Reconnect, NextIdIsHigherThanAnyThatIsInUse) {
  const DomainHandle first = start(define());
  restart();
  const DomainHandle second = start(define({.name = "second"}));
  EXPECT_GT(second.id, first.id);
}

TEST_F(Reconnect, PausedGuestThatNeverRanStillTakesASecret) {
  const DomainHandle domain = start(define(), VIR_DOMAIN_START_PAUSED);
  restart();
  EXPECT_EQ(VIR_DOMAIN_PAUSED, driver().state(domain.uuid).state);
  const std::string good = std::string(68, 'A') + "AA==";
  wait(driver().set_launch_security_state(
      domain.uuid, {{"sev-secret-header", good}, {"sev-secret", std::string("AAAA")}}));
}

TEST_F(Reconnect, GuestThatPoweredOffMeanwhileIsShutOffNotCrashed) {
  const DomainHandle domain = start(define());
  const pid_t monitor = monitor_of(domain);
  const std::string end_file = layout_.state + "/" + domain_xml::format_uuid(domain.uuid) + ".end";
  stop();
  const Bytes content = control::end_file_content({control::EndReason::kPoweroff, ""});
  std::ofstream(end_file, std::ios::binary)
      .write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
  ::kill(monitor, SIGKILL);
  events_.clear();
  restart();
  wait_for_events(2);
  EXPECT_EQ((Events{"guest: shutdown 1", "guest: stopped 0"}), events_);
  EXPECT_EQ(VIR_DOMAIN_SHUTOFF_SHUTDOWN, driver().state(domain.uuid).reason);
}

TEST_F(Reconnect, MonitorThatDiedMeanwhileWithoutAWordIsACrash) {
  const DomainHandle domain = start(define());
  const pid_t monitor = monitor_of(domain);
  stop();
  ::kill(monitor, SIGKILL);
  events_.clear();
  restart();
  wait_for_events(1);
  EXPECT_EQ((Events{"guest: stopped 2"}), events_);
  EXPECT_EQ(VIR_DOMAIN_SHUTOFF_CRASHED, driver().state(domain.uuid).reason);
}

TEST_F(Reconnect, AnotherProcessWithTheSameNumberIsNotTheMonitor) {
  const DomainHandle domain = start(define());
  const pid_t monitor = monitor_of(domain);
  stop();
  ::kill(monitor, SIGKILL);
  const std::string file = layout_.state + "/" + domain_xml::format_uuid(domain.uuid) + ".status";
  auto status = parse_status(read_small(file));
  ASSERT_TRUE(status);
  status->pid = ::getpid();  // This process, which must live on
  std::ofstream(file) << format_status(*status);
  events_.clear();
  restart();
  wait_for_events(1);
  EXPECT_EQ((Events{"guest: stopped 2"}), events_);
}

TEST_F(Reconnect, TransientDomainIsTransientAfterwards) {
  const DomainHandle domain = wait(driver().create(xml(), 0, 1));
  restart();
  EXPECT_FALSE(driver().is_persistent(domain.uuid));
  wait(driver().destroy(domain.uuid, 0));
  EXPECT_THROW(driver().lookup_by_uuid(domain.uuid), Error);
}

TEST_F(Reconnect, AutodestroyDomainEndsSinceItsClientIsGone) {
  const DomainHandle domain = define();
  wait(driver().start(domain.uuid, VIR_DOMAIN_START_AUTODESTROY, 7));
  events_.clear();
  restart();
  wait_for_events(1);
  EXPECT_EQ((Events{"guest: stopped 1"}), events_);
}

TEST_F(Reconnect, StatusFileThatIsNoneIsLeftAlone) {
  std::ofstream(layout_.state + "/junk.status") << "junk";
  restart();
  EXPECT_TRUE(driver().list_all(0).empty());
  EXPECT_TRUE(std::filesystem::exists(layout_.state + "/junk.status"));
}

TEST_F(Reconnect, StatusOfALaterVersionIsRead) {
  DomainStatus status;
  status.id = 3;
  status.pid = 1;
  status.start_time = 1;
  std::string content = format_status(status);
  content.replace(content.find('2'), 1, "3");
  content.insert(content.find("pid"), "novelty of version 3\n");
  const auto parsed = parse_status(content);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(3, parsed->id);
}

TEST_F(Reconnect, NamesOfTapDevicesAreKept) {
  DomainStatus status;
  status.pid = 1;
  status.start_time = 1;
  EXPECT_TRUE(parse_status(format_status(status))->taps.empty());
  status.taps = {"vnet0", "", "tap-of-mine"};
  EXPECT_EQ(parse_status(format_status(status))->taps, status.taps);
}

TEST_F(Reconnect, ConsoleThatFellSilentMeanwhileIsAMessageAfterwards) {
  const DomainHandle domain = start(define({.command_line = "resume=quiet"}));
  EXPECT_EQ(driver().messages(domain.uuid).back().find("0x1000"), std::string::npos);
  restart();
  wait_until([&] {
    return driver().messages(domain.uuid).back().find("vCPU 0 stands at 0x1000") != std::string::npos;
  });
}

TEST_F(Reconnect, WhatWasSaidOfASilentConsoleIsKept) {
  // A monitor of version 1 says it once: the status file has to hold it.
  const DomainHandle domain = start(define({.name = "old", .command_line = "resume=silent"}));
  wait_until([&] { return status_of(domain).console_silent; });
  EXPECT_EQ("vCPU 0 stands at 0x1000", status_of(domain).console_silent_text);
  restart();
  wait(driver().suspend(domain.uuid));
  EXPECT_NE(driver().messages(domain.uuid).back().find("0x1000"), std::string::npos);
}

TEST_F(Reconnect, SilentConsoleInAStatusFileOfVersion1IsAMessageWithoutItsText) {
  const DomainHandle domain = start(define({.name = "old", .command_line = "resume=silent"}));
  wait_until([&] { return status_of(domain).console_silent; });
  stop();
  const std::string file = layout_.state + "/" + domain_xml::format_uuid(domain.uuid) + ".status";
  std::string content = read_small(file);
  content.replace(content.find('2'), 1, "1");
  const std::size_t text = content.find("console-silent-text");
  content.erase(text, content.find('\n', text) + 1 - text);
  std::ofstream(file) << content;
  restart();
  EXPECT_NE(driver().messages(domain.uuid).back().find("stayed silent"), std::string::npos);
}

TEST_F(Reconnect, AutostartIsOnceForEachBootOfTheHost) {
  const DomainHandle domain = define();
  wait(driver().set_autostart(domain.uuid, true));
  events_.clear();
  restart().autostart();
  wait_for_events(2);
  EXPECT_EQ((Events{"guest: resumed 0", "guest: started 0"}), events_);
  wait(driver().destroy(domain.uuid, 0));
  events_.clear();
  restart().autostart();
  start(define({.name = "other"}));  // Time for the other one to start, had it been asked to
  EXPECT_EQ(-1, driver().lookup_by_name("guest").id);
}

TEST_F(Reconnect, AutostartThatWasCutOffGoesOnWithTheNextDaemon) {
  const DomainHandle quick = define({.name = "quick"});
  const DomainHandle slow = define({.name = "slow", .command_line = "start=hang"});
  wait(driver().set_autostart(quick.uuid, true));
  wait(driver().set_autostart(slow.uuid, true));
  restart().autostart();
  wait_until([&] { return driver().lookup_by_name("quick").id > 0 && monitor_of(slow) > 0; });
  wait_until([&] { return driver().state(quick.uuid).state == VIR_DOMAIN_RUNNING; });
  const pid_t before = monitor_of(slow);
  wait(driver().destroy(quick.uuid, 0));
  restart().autostart();
  wait_until([&] { return monitor_of(slow) > 0 && monitor_of(slow) != before; });
  EXPECT_EQ(-1, driver().lookup_by_name("quick").id) << "it has had its start in this boot";
}

TEST_F(Reconnect, WhatEndedDomainsLeftIsSwept) {
  const std::string dead = layout_.state + "/11111111-2222-3333-4444-555555555555";
  const std::string alive = layout_.state + "/11111111-2222-3333-4444-666666666666";
  listen_at(layout_.state, "11111111-2222-3333-4444-555555555555.sock", 0600, 8);  // And closed again
  const UniqueFd listener = listen_at(layout_.state, "11111111-2222-3333-4444-666666666666.sock", 0600, 8);
  std::ofstream(dead + ".end") << "x";
  std::ofstream(alive + ".end") << "x";
  const DomainHandle running = start(define());
  restart();
  wait(driver().info(running.uuid));
  EXPECT_FALSE(std::filesystem::exists(dead + ".sock"));
  EXPECT_FALSE(std::filesystem::exists(dead + ".end"));
  EXPECT_TRUE(std::filesystem::exists(alive + ".sock")) << "somebody listens there";
  EXPECT_TRUE(std::filesystem::exists(alive + ".end"));
  EXPECT_TRUE(std::filesystem::exists(layout_.state + "/" + domain_xml::format_uuid(running.uuid) + ".sock"));
}

}  // namespace
}  // namespace virtsev::daemon
