// SPDX-License-Identifier: LGPL-2.1-or-later
// Reboot and reset: an encrypted guest is launched again, in a new monitor under the same id.
#include <fstream>

#include <libvirt/libvirt.h>
#include <signal.h>

#include "driver/daemon/run/run.hpp"
#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

using Events = std::vector<std::string>;
using Relaunch = HypervisorTest;

TEST_F(Relaunch, RebootOfASevGuestKeepsItsId) {
  const DomainHandle domain = start(define());
  const pid_t first = monitor_of(domain);
  const std::string console = driver().xml(domain.uuid, 0);
  events_.clear();
  wait(driver().reboot(domain.uuid, 0));
  wait_for_events(1);
  EXPECT_EQ((Events{"guest: reboot"}), events_);
  EXPECT_EQ(domain.id, driver().lookup_by_name("guest").id);
  EXPECT_NE(first, monitor_of(domain));
  EXPECT_EQ(VIR_DOMAIN_RUNNING, driver().state(domain.uuid).state);
  EXPECT_EQ(console, driver().xml(domain.uuid, 0)) << "the console's path must stay";
}

TEST_F(Relaunch, RebootOfASevEsGuestIsRefusedWithTheReason) {
  const DomainHandle domain = start(define({.policy = "0x0005"}));
  for (auto call : {&Driver::reboot, &Driver::reset}) {
    const auto error = error_of((driver().*call)(domain.uuid, 0));
    ASSERT_TRUE(error);
    EXPECT_EQ(ErrorCode::kOperationUnsupported, error->code());
    EXPECT_NE(std::string::npos, std::string(error->what()).find("registers are encrypted"));
  }
  EXPECT_EQ(VIR_DOMAIN_RUNNING, driver().state(domain.uuid).state);
}

TEST_F(Relaunch, ResetOfASevGuestKeepsItsId) {
  const DomainHandle domain = start(define());
  const pid_t first = monitor_of(domain);
  events_.clear();
  wait(driver().reset(domain.uuid, 0));
  wait_for_events(1);
  EXPECT_EQ((Events{"guest: reboot"}), events_);
  EXPECT_EQ(domain.id, driver().lookup_by_name("guest").id);
  EXPECT_NE(first, monitor_of(domain));
}

constexpr const char* kRelaunch =
    "<virtsev:reboot xmlns:virtsev='http://libvirt.org/schemas/domain/virtsev/1.0' action='relaunch'/>";

TEST_F(Relaunch, OfASevEsGuestIsDoneWhereItsDefinitionAsksForIt) {
  const DomainHandle domain =
      start(define({.command_line = "button=reset", .policy = "0x0005", .more = kRelaunch}));
  const pid_t first = monitor_of(domain);
  events_.clear();
  wait(driver().shutdown(domain.uuid, 0));  // The guest resets itself
  wait_for_events(1);
  EXPECT_EQ((Events{"guest: reboot"}), events_);
  EXPECT_NE(first, monitor_of(domain));
  for (auto call : {&Driver::reboot, &Driver::reset}) {
    EXPECT_FALSE(error_of((driver().*call)(domain.uuid, 0)));
  }
}

TEST_F(Relaunch, OfASevEsGuestIsDoneWhereTheSiteWantsItAndItsDefinitionIsSilent) {
  configuration_.sev_es_relaunch = true;
  restart();
  const DomainHandle domain = start(define({.policy = "0x0005"}));
  EXPECT_FALSE(error_of(driver().reset(domain.uuid, 0)));
  const DomainHandle other =
      start(define({.name = "other", .policy = "0x0005", .more = "<on_reboot>destroy</on_reboot>"}));
  const auto error = error_of(driver().reset(other.uuid, 0));
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kOperationUnsupported, error->code());
}

TEST_F(Relaunch, OfASevEsGuestEndsWhereItRebootsAgainAndAgain) {
  configuration_.shortest_run_ms = 0;
  restart();
  const DomainHandle domain =
      start(define({.command_line = "button=reset", .policy = "0x0005", .more = kRelaunch}));
  unsigned relaunches = 0;
  const auto ended = [&] { return driver().state(domain.uuid).state == VIR_DOMAIN_SHUTOFF; };
  for (; !ended() && relaunches < 10 * Run::kMostRelaunches; ++relaunches) {
    const pid_t before = monitor_of(domain);
    wait(driver().shutdown(domain.uuid, 0));
    wait_until([&] {
      return ended() ||
             (driver().state(domain.uuid).state == VIR_DOMAIN_RUNNING && monitor_of(domain) != before);
    });
  }
  EXPECT_TRUE(ended());
  EXPECT_GT(relaunches, Run::kMostRelaunches) << "a slow machine may be given more time, and so more of them";
  EXPECT_EQ(VIR_DOMAIN_SHUTOFF_CRASHED, driver().state(domain.uuid).reason);
  EXPECT_NE(std::string::npos, driver().messages(domain.uuid).back().find("more than 5 times in a minute"));
}

TEST_F(Relaunch, GuestThatResetsFollowsOnReboot) {
  start(define({.command_line = "button=reset", .more = "<on_reboot>destroy</on_reboot>"}));
  events_.clear();
  wait(driver().shutdown(driver().lookup_by_name("guest").uuid, 0));
  wait_for_events(2);
  EXPECT_EQ((Events{"guest: shutdown 1", "guest: stopped 0"}), events_);

  const DomainHandle other = start(
      define({.name = "other", .command_line = "button=reset", .more = "<on_reboot>restart</on_reboot>"}));
  events_.clear();
  wait(driver().shutdown(other.uuid, 0));
  wait_for_events(1);
  EXPECT_EQ((Events{"other: reboot"}), events_);
}

TEST_F(Relaunch, PoweroffFollowsOnPoweroff) {
  const DomainHandle domain = start(define({.more = "<on_poweroff>restart</on_poweroff>"}));
  events_.clear();
  wait(driver().shutdown(domain.uuid, 0));
  wait_for_events(1);
  EXPECT_EQ((Events{"guest: reboot"}), events_);
}

TEST_F(Relaunch, ShutdownTakesBackARebootThatTheGuestIgnored) {
  const DomainHandle domain = start(define({.command_line = "button=ignore"}));
  wait(driver().reboot(domain.uuid, 0));
  EXPECT_TRUE(status_of(domain).reboot_requested);
  wait(driver().shutdown(domain.uuid, 0));
  EXPECT_FALSE(status_of(domain).reboot_requested);
}

TEST_F(Relaunch, DestroyWinsOverARelaunchThatWaits) {
  configuration_.shortest_run_ms = 60000;
  restart();
  const DomainHandle domain =
      start(define({.command_line = "button=reset", .more = "<on_reboot>restart</on_reboot>"}));
  wait(driver().shutdown(domain.uuid, 0));
  wait_until([&] { return driver().state(domain.uuid).reason == VIR_DOMAIN_PAUSED_STARTING_UP; });
  wait(driver().destroy(domain.uuid, 0));
  EXPECT_FALSE(driver().any_active());
}

TEST_F(Relaunch, FailedRelaunchIsStoppedWithReasonFailed) {
  const DomainHandle domain = start(define());
  std::filesystem::remove(path("vmlinuz"));
  events_.clear();
  wait(driver().reboot(domain.uuid, 0));
  wait_for_events(1);
  EXPECT_EQ((Events{"guest: stopped 5"}), events_);
  EXPECT_EQ(VIR_DOMAIN_SHUTOFF_FAILED, driver().state(domain.uuid).reason);
}

/// virtsevd dies while it launches a guest again.
class RelaunchCutOff : public Relaunch {
 protected:
  void expect_launched_anew(const DomainHandle& domain) {
    configuration_.shortest_run_ms = 0;
    restart();
    wait_until([&] { return driver().state(domain.uuid).state == VIR_DOMAIN_RUNNING; });
    EXPECT_EQ(domain.id, driver().lookup_by_name("guest").id);
    EXPECT_FALSE(status_of(domain).relaunching);
    EXPECT_GT(::kill(monitor_of(domain), 0), -1);
  }
};

TEST_F(RelaunchCutOff, BeforeTheNextMonitorIsThere) {
  configuration_.shortest_run_ms = 60000;
  restart();
  const DomainHandle domain =
      start(define({.command_line = "button=reset", .more = "<on_reboot>restart</on_reboot>"}));
  wait(driver().shutdown(domain.uuid, 0));
  wait_until([&] { return status_of(domain).relaunching; });
  std::filesystem::remove(layout_.state + "/" + domain_xml::format_uuid(domain.uuid) + ".end");
  expect_launched_anew(domain);
}

TEST_F(RelaunchCutOff, WhileTheNextMonitorLaunches) {
  const DomainHandle domain = start(define());
  const pid_t first = monitor_of(domain);
  begin([&]() -> asio::awaitable<void> { co_await driver().reset(domain.uuid, 0); });
  wait_until([&] { return status_of(domain).relaunching && status_of(domain).pid != first; });
  const Process half_made = find_process(monitor_of(domain), status_of(domain).start_time);
  expect_launched_anew(domain);
  EXPECT_FALSE(is_alive(half_made));
}

TEST_F(RelaunchCutOff, WithADefinitionThatPassesNoMoreItSaysSo) {
  configuration_.shortest_run_ms = 60000;
  restart();
  const DomainHandle domain =
      start(define({.command_line = "button=reset", .more = "<on_reboot>restart</on_reboot>"}));
  wait(driver().shutdown(domain.uuid, 0));
  wait_until([&] { return status_of(domain).relaunching; });
  DomainStatus status = status_of(domain);
  status.xml = "<domain/>";
  stop();
  std::ofstream(layout_.state + "/" + domain_xml::format_uuid(domain.uuid) + ".status")
      << format_status(status);
  restart();
  wait_until([&] { return !driver().any_active(); });
  EXPECT_EQ(VIR_DOMAIN_SHUTOFF_FAILED, driver().state(domain.uuid).reason);
}

}  // namespace
}  // namespace virtsev::daemon
