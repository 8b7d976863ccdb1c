// SPDX-License-Identifier: LGPL-2.1-or-later
// A monitor that stands still is not a dead one.
#include <algorithm>

#include <libvirt/libvirt.h>
#include <signal.h>

#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

using Clock = std::chrono::steady_clock;
using Events = std::vector<std::string>;

class LateMonitor : public HypervisorTest {
 protected:
  /// A guest of which everything was asked once, and whose monitor stands still then.
  DomainHandle stopped(const DomainText& text = {}) {
    const DomainHandle domain = start(define(text));
    wait(driver().info(domain.uuid));
    monitor_ = monitor_of(domain);
    ::kill(monitor_, SIGSTOP);
    set_timeout(1);
    events_.clear();
    return domain;
  }
  void go_on() {
    set_timeout(kLong);
    ::kill(monitor_, SIGCONT);
  }
  /// For calls that come after this.
  void set_timeout(std::uint32_t seconds) {
    configuration_.request_timeout_seconds = seconds;
    driver().reconfigure(configuration_);
  }
  static constexpr std::uint32_t kLong = 3600;
  bool is_late(const DomainHandle& domain) {
    return driver().control_info(domain.uuid).state == VIR_DOMAIN_CONTROL_OCCUPIED;
  }
  bool says(const DomainHandle& domain, const std::string& words) {
    const auto messages = driver().messages(domain.uuid);
    return std::any_of(messages.begin(), messages.end(), [&words](const std::string& message) {
      return message.find(words) != std::string::npos;
    });
  }

  pid_t monitor_ = -1;
};

TEST_F(LateMonitor, FailsTheCallAndKeepsItsGuest) {
  const DomainHandle domain = stopped();
  EXPECT_EQ(VIR_DOMAIN_CONTROL_OK, driver().control_info(domain.uuid).state);
  const auto error = error_of(driver().shutdown(domain.uuid, 0));
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kOperationTimeout, error->code());
  EXPECT_NE(std::string::npos, std::string(error->what()).find("virsh destroy")) << error->what();
  EXPECT_TRUE(is_late(domain));
  EXPECT_GE(driver().control_info(domain.uuid).milliseconds, 1000U);
  EXPECT_EQ(VIR_DOMAIN_RUNNING, driver().state(domain.uuid).state);
  EXPECT_TRUE(events_.empty());
  go_on();  // The button is pressed after all
  wait_for_events(2);
  EXPECT_EQ((Events{"guest: shutdown 1", "guest: stopped 0"}), events_);
}

TEST_F(LateMonitor, WhatItDidTooLateIsFoundOut) {
  const DomainHandle domain = stopped();
  ASSERT_TRUE(error_of(driver().suspend(domain.uuid)));
  EXPECT_EQ(VIR_DOMAIN_RUNNING, driver().state(domain.uuid).state);
  go_on();
  wait_for_events(1);
  EXPECT_EQ((Events{"guest: suspended 0"}), events_);
  EXPECT_EQ(VIR_DOMAIN_PAUSED, driver().state(domain.uuid).state);
  EXPECT_EQ(VIR_DOMAIN_PAUSED_USER, driver().state(domain.uuid).reason);
  wait(driver().resume(domain.uuid));
  EXPECT_FALSE(is_late(domain));
}

TEST_F(LateMonitor, QuestionsAreAnsweredWithWhatWasKnownLast) {
  const DomainHandle domain = stopped();
  set_timeout(kLong);
  const auto before = Clock::now();
  EXPECT_EQ(2000000U, wait(driver().info(domain.uuid)).cpu_time_ns);
  EXPECT_EQ(2U, wait(driver().vcpus(domain.uuid)).size());
  EXPECT_EQ(2U, wait(driver().memory_statistics(domain.uuid)).size());
  const auto statistics = wait(driver().statistics({domain.uuid}, VIR_DOMAIN_STATS_CPU_TOTAL, true));
  ASSERT_EQ(1U, statistics.size());
  EXPECT_EQ(1U, statistics[0].parameters.size());
  EXPECT_LT(Clock::now() - before, std::chrono::seconds(20)) << "2 s, and then at once";
  EXPECT_TRUE(says(domain, "has not answered"));
  EXPECT_TRUE(driver().any_active());
  go_on();
  wait_until([&] { return !is_late(domain); });
  EXPECT_FALSE(says(domain, "has not answered"));
}

TEST_F(LateMonitor, DestroyDoesNotWaitForIt) {
  const DomainHandle domain = stopped();
  set_timeout(kLong);
  bool suspended = false;
  begin([&]() -> asio::awaitable<void> {
    try {
      co_await driver().suspend(domain.uuid);
    } catch (const Error&) {
      suspended = true;
    }
  });
  wait_until([&] { return is_late(domain); });
  wait(driver().destroy(domain.uuid, 0));
  wait_until([&] { return suspended; });
  EXPECT_EQ(0U, start_time_of(monitor_));
  EXPECT_EQ((Events{"guest: shutdown 2", "guest: stopped 1"}), events_);
  EXPECT_EQ(VIR_DOMAIN_SHUTOFF_DESTROYED, driver().state(domain.uuid).reason);
}

TEST_F(LateMonitor, IsFoundAgainByTheNextDaemonAndKept) {
  const DomainHandle domain = stopped();
  restart();
  EXPECT_EQ(domain.id, driver().lookup_by_name("guest").id);
  EXPECT_EQ(VIR_DOMAIN_RUNNING, driver().state(domain.uuid).state);
  ASSERT_TRUE(error_of(driver().suspend(domain.uuid)));
  EXPECT_TRUE(says(domain, "has not answered"));
  EXPECT_EQ(monitor_, monitor_of(domain));
  go_on();
  wait_for_events(1);
  EXPECT_EQ((Events{"guest: suspended 0"}), events_);
  EXPECT_EQ(2000000U, wait(driver().info(domain.uuid)).cpu_time_ns);
  wait(driver().resume(domain.uuid));
}

TEST_F(LateMonitor, AnUnfinishedLaunchHasALimitAllTheSame) {
  configuration_.launch_timeout_seconds = 1;
  restart();
  const DomainHandle domain = define({.command_line = "start=hang"});
  const auto error = error_of(driver().start(domain.uuid, 0, 1));
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kOperationTimeout, error->code());
  EXPECT_FALSE(driver().any_active());
  EXPECT_TRUE(std::filesystem::is_empty(layout_.state));
}

}  // namespace
}  // namespace virtsev::daemon
