// SPDX-License-Identifier: LGPL-2.1-or-later
// States, reasons and events of a domain's life, as libvirt's drivers give them.
#include <libvirt/libvirt.h>
#include <signal.h>
#include <unistd.h>

#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

using Events = std::vector<std::string>;

class LifeCycle : public HypervisorTest {
 protected:
  // Defines and starts; what came before is not looked at.
  DomainHandle started(const DomainText& text = {}, unsigned flags = 0) {
    const DomainHandle domain = define(text);
    events_.clear();
    return start(domain, flags);
  }
  std::pair<int, int> state(const DomainHandle& domain) {
    const DomainState state = driver().state(domain.uuid);
    return {state.state, state.reason};
  }
};

TEST_F(LifeCycle, StartIsResumedThenStarted) {
  const DomainHandle domain = started();
  EXPECT_EQ((Events{"guest: resumed 0", "guest: started 0"}), events_);
  EXPECT_EQ(std::pair(+VIR_DOMAIN_RUNNING, +VIR_DOMAIN_RUNNING_BOOTED), state(domain));
  EXPECT_GE(domain.id, 1);
}

TEST_F(LifeCycle, PausedStartIsStartedThenSuspended) {
  const DomainHandle domain = started({}, VIR_DOMAIN_START_PAUSED);
  EXPECT_EQ((Events{"guest: started 0", "guest: suspended 0"}), events_);
  EXPECT_EQ(std::pair(+VIR_DOMAIN_PAUSED, +VIR_DOMAIN_PAUSED_USER), state(domain));
}

TEST_F(LifeCycle, DestroyIsShutdownByHostThenStopped) {
  const DomainHandle domain = started();
  const pid_t monitor = monitor_of(domain);
  events_.clear();
  wait(driver().destroy(domain.uuid, 0));
  EXPECT_EQ((Events{"guest: shutdown 2", "guest: stopped 1"}), events_);
  EXPECT_EQ(std::pair(+VIR_DOMAIN_SHUTOFF, +VIR_DOMAIN_SHUTOFF_DESTROYED), state(domain));
  EXPECT_EQ(-1, driver().lookup_by_name("guest").id);
  EXPECT_EQ(0U, start_time_of(monitor)) << "the monitor is still there";
  EXPECT_TRUE(std::filesystem::is_empty(layout_.state)) << "run-time files are left behind";
}

TEST_F(LifeCycle, ShutdownByTheGuestIsStoppedWithReasonShutdown) {
  const DomainHandle domain = started();
  events_.clear();
  wait(driver().shutdown(domain.uuid, 0));
  wait_for_events(2);
  EXPECT_EQ((Events{"guest: shutdown 1", "guest: stopped 0"}), events_);
  EXPECT_EQ(std::pair(+VIR_DOMAIN_SHUTOFF, +VIR_DOMAIN_SHUTOFF_SHUTDOWN), state(domain));
}

TEST_F(LifeCycle, GuestThatPowersOffAtOnceIsStartedBeforeItStops) {
  started({.command_line = "resume=poweroff"});
  wait_for_events(4);
  EXPECT_EQ((Events{"guest: resumed 0", "guest: started 0", "guest: shutdown 1", "guest: stopped 0"}),
            events_);
}

TEST_F(LifeCycle, KilledMonitorIsACrash) {
  const DomainHandle domain = started();
  events_.clear();
  ::kill(monitor_of(domain), SIGKILL);
  wait_for_events(1);
  EXPECT_EQ((Events{"guest: stopped 2"}), events_);
  EXPECT_EQ(std::pair(+VIR_DOMAIN_SHUTOFF, +VIR_DOMAIN_SHUTOFF_CRASHED), state(domain));
  EXPECT_NE(std::string::npos, driver().messages(domain.uuid).back().find("signal 9"));
}

// What the monitor says of it is believed as far as it goes on, and makes sense.
TEST_F(LifeCycle, HowFarALaunchIsCanBeAskedUntilItIsGivenUp) {
  constexpr std::uint64_t kGiB = 1ULL << 30;
  const DomainHandle domain = define({.command_line = "start=stall"});
  std::optional<Error> failure;
  begin([&]() -> asio::awaitable<void> {
    try {
      co_await driver().start(domain.uuid, 0, 1);
    } catch (const Error& error) {
      failure = error;
    }
  });
  std::optional<JobInfo> job;
  wait_until([&] {
    job = driver().lookup_by_uuid(domain.uuid).id < 0 ? std::nullopt : driver().job(domain.uuid);
    return failure || (job && job->done_bytes == 4 * kGiB);
  });
  ASSERT_FALSE(failure) << failure->what();
  EXPECT_EQ(8 * kGiB, job->total_bytes);
  wait(driver().destroy(domain.uuid, 0));
  wait_until([&] { return failure.has_value(); });
  EXPECT_EQ(ErrorCode::kOperationAborted, failure->code());
  EXPECT_THROW(driver().job(domain.uuid), Error);
}

TEST_F(LifeCycle, LaunchThatDoesNotGoOnIsGivenUpWithWhatWasDone) {
  configuration_.launch_timeout_seconds = 1;
  restart();
  const auto failure = error_of(driver().start(define({.command_line = "start=stall"}).uuid, 0, 1));
  ASSERT_TRUE(failure);
  EXPECT_EQ(ErrorCode::kOperationTimeout, failure->code());
  EXPECT_NE(std::string::npos, std::string(failure->what()).find("did not go on for 1 s")) << failure->what();
  EXPECT_NE(std::string::npos, std::string(failure->what()).find("4096 of 8192 MiB")) << failure->what();
  const auto silent =
      error_of(driver().start(define({.name = "other", .command_line = "start=hang"}).uuid, 0, 1));
  ASSERT_TRUE(silent);
  EXPECT_EQ(ErrorCode::kOperationTimeout, silent->code());
}

TEST_F(LifeCycle, DomainThatRunsHasNoJob) {
  const DomainHandle domain = started();
  EXPECT_FALSE(driver().job(domain.uuid));
}

TEST_F(LifeCycle, PanicIsCrashedThenStopped) {
  const DomainHandle domain = started({.command_line = "resume=panic"});
  wait_for_events(4);
  EXPECT_EQ((Events{"guest: resumed 0", "guest: started 0", "guest: crashed 0", "guest: stopped 2"}),
            events_);
  EXPECT_EQ(std::pair(+VIR_DOMAIN_SHUTOFF, +VIR_DOMAIN_SHUTOFF_CRASHED), state(domain));
  EXPECT_NE(std::string::npos, driver().messages(domain.uuid).back().find("triple fault"));
}

TEST_F(LifeCycle, AKernelsPanicEndsItsGuestAsCrashed) {
  const DomainHandle domain = started({.command_line = "resume=pvpanic"});
  wait_for_events(4);
  EXPECT_EQ((Events{"guest: resumed 0", "guest: started 0", "guest: crashed 0", "guest: stopped 2"}),
            events_);
  EXPECT_EQ(std::pair(+VIR_DOMAIN_SHUTOFF, +VIR_DOMAIN_SHUTOFF_CRASHED), state(domain));
}

TEST_F(LifeCycle, APreservedPanicIsShownAndFoundAgainAndCanGoOn) {
  const DomainHandle domain =
      started({.command_line = "resume=pvpanic", .more = "<on_crash>preserve</on_crash>"});
  wait_for_events(3);
  EXPECT_EQ((Events{"guest: resumed 0", "guest: started 0", "guest: crashed 0"}), events_);
  EXPECT_EQ(std::pair(+VIR_DOMAIN_CRASHED, +VIR_DOMAIN_CRASHED_PANICKED), state(domain));
  restart();
  wait(driver().info(domain.uuid));
  EXPECT_EQ(std::pair(+VIR_DOMAIN_CRASHED, +VIR_DOMAIN_CRASHED_PANICKED), state(domain));
  wait(driver().resume(domain.uuid));
  EXPECT_EQ(VIR_DOMAIN_RUNNING, state(domain).first);
  wait(driver().destroy(domain.uuid, 0));
  EXPECT_EQ(std::pair(+VIR_DOMAIN_SHUTOFF, +VIR_DOMAIN_SHUTOFF_DESTROYED), state(domain));
}

TEST_F(LifeCycle, SuspendAndResume) {
  const DomainHandle domain = started();
  events_.clear();
  wait(driver().suspend(domain.uuid));
  wait(driver().suspend(domain.uuid));  // Once more is no error, and no event
  EXPECT_EQ(std::pair(+VIR_DOMAIN_PAUSED, +VIR_DOMAIN_PAUSED_USER), state(domain));
  wait(driver().resume(domain.uuid));
  EXPECT_EQ(std::pair(+VIR_DOMAIN_RUNNING, +VIR_DOMAIN_RUNNING_UNPAUSED), state(domain));
  EXPECT_EQ((Events{"guest: suspended 0", "guest: resumed 0"}), events_);
  const auto error = error_of(driver().resume(domain.uuid));
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kOperationInvalid, error->code());
}

TEST_F(LifeCycle, InactiveDomainRefusesRunTimeCalls) {
  const DomainHandle domain = define();
  for (auto call : {&Driver::suspend, &Driver::resume}) {
    const auto error = error_of((driver().*call)(domain.uuid));
    ASSERT_TRUE(error);
    EXPECT_EQ(ErrorCode::kOperationInvalid, error->code());
    EXPECT_STREQ("Requested operation is not valid: domain is not running", error->what());
  }
  for (auto call : {&Driver::shutdown, &Driver::reboot, &Driver::reset, &Driver::destroy}) {
    const auto error = error_of((driver().*call)(domain.uuid, 0));
    ASSERT_TRUE(error);
    EXPECT_EQ(ErrorCode::kOperationInvalid, error->code());
  }
}

TEST_F(LifeCycle, SecondStartIsRefused) {
  const DomainHandle domain = started();
  const auto error = error_of(driver().start(domain.uuid, 0, 1));
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kOperationInvalid, error->code());
}

TEST_F(LifeCycle, FailedStartLeavesTheDomainAsItWas) {
  const DomainHandle domain = define({.command_line = "start=fail"});
  events_.clear();
  const auto error = error_of(driver().start(domain.uuid, 0, 1));
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kConfigUnsupported, error->code());
  EXPECT_STREQ("the kernel is no bzImage?[31m", error->what())
      << "what a monitor says must not reach a terminal as it is";
  EXPECT_TRUE(events_.empty());
  EXPECT_EQ(std::pair(+VIR_DOMAIN_SHUTOFF, +VIR_DOMAIN_SHUTOFF_FAILED), state(domain));
  EXPECT_TRUE(std::filesystem::is_empty(layout_.state));
}

TEST_F(LifeCycle, AMonitorOlderThanTheDaemonIsNamedAsThat) {
  const auto error = error_of(driver().start(define({.name = "outdated"}).uuid, 0, 1));
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kConfigUnsupported, error->code());
  EXPECT_NE(std::string(error->what()).find("virtsevd and virtsev-vmm of one version"), std::string::npos);
}

TEST_F(LifeCycle, MonitorThatDiesAtStartFailsTheStart) {
  const DomainHandle domain = define({.command_line = "start=crash"});
  const auto error = error_of(driver().start(domain.uuid, 0, 1));
  ASSERT_TRUE(error);
  EXPECT_NE(std::string::npos, std::string(error->what()).find("signal 9")) << error->what();
  EXPECT_NE(std::string::npos, std::string(error->what()).find("guest.log")) << error->what();
  EXPECT_EQ(std::pair(+VIR_DOMAIN_SHUTOFF, +VIR_DOMAIN_SHUTOFF_FAILED), state(domain));
}

TEST_F(LifeCycle, MonitorThatSendsGarbageIsKilled) {
  const DomainHandle domain = define({.command_line = "start=garbage"});
  const auto error = error_of(driver().start(domain.uuid, 0, 1));
  ASSERT_TRUE(error);
  EXPECT_FALSE(driver().any_active());
}

TEST_F(LifeCycle, LaunchWithoutMeasurementIsNoLaunch) {
  const DomainHandle domain = define({.command_line = "start=empty"});
  ASSERT_TRUE(error_of(driver().start(domain.uuid, 0, 1)));
  EXPECT_FALSE(driver().any_active());
}

TEST_F(LifeCycle, DestroyWinsOverAStartUnderWay) {
  const DomainHandle domain = define({.command_line = "start=hang"});
  std::optional<Error> start_error;
  bool start_done = false;
  begin([&]() -> asio::awaitable<void> {
    try {
      co_await driver().start(domain.uuid, 0, 1);
    } catch (const Error& error) {
      start_error = error;
    }
    start_done = true;
  });
  wait_until([&] { return monitor_of(domain) > 0; });
  EXPECT_EQ(std::pair(+VIR_DOMAIN_PAUSED, +VIR_DOMAIN_PAUSED_STARTING_UP), state(domain));
  wait(driver().destroy(domain.uuid, 0));
  wait_until([&] { return start_done; });
  ASSERT_TRUE(start_error);
  EXPECT_EQ(ErrorCode::kOperationAborted, start_error->code());
  EXPECT_FALSE(driver().any_active());
}

TEST_F(LifeCycle, OneDomainsLaunchKeepsNobodyElseWaiting) {
  const DomainHandle slow = define({.name = "slow", .command_line = "start=hang"});
  begin([&]() -> asio::awaitable<void> {
    try {
      co_await driver().start(slow.uuid, 0, 1);
    } catch (const Error&) {
    }
  });
  wait_until([&] { return monitor_of(slow) > 0; });
  started({.name = "quick"});
  EXPECT_EQ((Events{"quick: resumed 0", "quick: started 0"}), events_);
  wait(driver().destroy(slow.uuid, 0));
}

TEST_F(LifeCycle, MonitorThatIgnoresQuitIsKilled) {
  const DomainHandle domain = started({.command_line = "quit=hang"});
  const pid_t monitor = monitor_of(domain);
  wait(driver().destroy(domain.uuid, 0));
  EXPECT_EQ(0U, start_time_of(monitor));
  EXPECT_EQ(std::pair(+VIR_DOMAIN_SHUTOFF, +VIR_DOMAIN_SHUTOFF_DESTROYED), state(domain));
}

TEST_F(LifeCycle, AutodestroyEndsWithItsClient) {
  const DomainHandle domain = define();
  wait(driver().start(domain.uuid, VIR_DOMAIN_START_AUTODESTROY, 7));
  events_.clear();
  driver().connection_closed(8);
  driver().connection_closed(7);
  wait_for_events(2);
  EXPECT_EQ((Events{"guest: shutdown 2", "guest: stopped 1"}), events_);
}

TEST_F(LifeCycle, ConsoleThatSpeaksAfterAllIsNoMessageAnyMore) {
  const DomainHandle domain = started({.command_line = "resume=silent pause=speak"});
  wait_until([&] { return driver().messages(domain.uuid).back().find("0x1000") != std::string::npos; });
  wait(driver().info(domain.uuid));
  EXPECT_NE(driver().messages(domain.uuid).back().find("0x1000"), std::string::npos) << "it still is silent";
  wait(driver().suspend(domain.uuid));
  wait(driver().info(domain.uuid));
  EXPECT_EQ(driver().messages(domain.uuid).back().find("0x1000"), std::string::npos);
}

TEST_F(LifeCycle, SilentConsoleIsAMessageAndNothingElse) {
  const DomainHandle domain = started({.command_line = "resume=silent"});
  wait_until([&] { return driver().messages(domain.uuid).back().find("0x1000") != std::string::npos; });
  EXPECT_EQ(std::pair(+VIR_DOMAIN_RUNNING, +VIR_DOMAIN_RUNNING_BOOTED), state(domain));
}

TEST_F(LifeCycle, AShutdownThatTheGuestDoesNotAnswerIsAMessage) {
  const auto says_so = [this](const DomainHandle& domain) {
    return driver().messages(domain.uuid).back().find("asked to shut down") != std::string::npos;
  };
  const DomainHandle domain = started({.command_line = "button=ignore"});
  EXPECT_FALSE(says_so(domain));
  wait(driver().shutdown(domain.uuid, 0));
  EXPECT_FALSE(says_so(domain)) << "a guest takes its time";
  configuration_.shutdown_notice_seconds = 0;
  restart();
  EXPECT_TRUE(says_so(domain)) << "the next daemon knows, too";
  wait(driver().destroy(domain.uuid, 0));
  start(domain);
  EXPECT_FALSE(says_so(domain));
}

TEST_F(LifeCycle, StartWithoutAFreeUserIdIsRefusedWithTheRange) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "not root: monitors have this user's id";
  }
  configuration_.vmm_uid_first = 2100016100;  // Of no other process of this host
  configuration_.vmm_uid_last = configuration_.vmm_uid_first + 1;
  restart();
  const DomainHandle first = start(define({.name = "first"}));
  const DomainHandle second = start(define({.name = "second"}));
  EXPECT_NE(status_of(first).uid, status_of(second).uid);
  const DomainHandle third = define({.name = "third"});
  const auto error = error_of(driver().start(third.uuid, 0, 1));
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kOperationFailed, error->code());
  const std::string what = error->what();
  EXPECT_NE(std::string::npos, what.find(std::to_string(configuration_.vmm_uid_first))) << what;
  EXPECT_NE(std::string::npos, what.find("vmm_uid_range")) << what;
  EXPECT_EQ(VIR_DOMAIN_SHUTOFF, driver().state(third.uuid).state);
  const std::uint32_t freed = status_of(first).uid;
  wait(driver().destroy(first.uuid, 0));
  EXPECT_EQ(freed, status_of(start(third)).uid) << "one that has ended frees its own";
}

}  // namespace
}  // namespace virtsev::daemon
