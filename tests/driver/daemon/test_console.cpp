// SPDX-License-Identifier: LGPL-2.1-or-later
// A client that asks for a guest's console gets that terminal, and never another.
#include <libvirt/libvirt.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/daemon/monitor/launch_files.hpp"
#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

class ConsoleOf : public HypervisorTest {
 protected:
  static dev_t device_of(int fd) {
    struct stat status {};
    EXPECT_EQ(0, ::fstat(fd, &status));
    return status.st_rdev;
  }
  dev_t device_at(const std::string& path) const {
    struct stat status {};
    EXPECT_EQ(0, ::stat(path.c_str(), &status)) << path;
    return status.st_rdev;
  }
};

TEST_F(ConsoleOf, ARunningGuestIsItsTerminalBeforeAndAfterARestart) {
  const DomainHandle domain = start(define());
  const std::string path = status_of(domain).console_path;
  EXPECT_EQ(device_at(path), device_of(wait(driver().open_console(domain.uuid, "")).get()));
  restart();
  wait(driver().info(domain.uuid));  // It is found again
  EXPECT_EQ(device_at(path), device_of(wait(driver().open_console(domain.uuid, "serial0")).get()));
}

TEST_F(ConsoleOf, AGuestLaunchedAnewAfterARestartIsANewTerminal) {
  const DomainHandle domain = start(define({.more = "<on_poweroff>restart</on_poweroff>"}));
  const std::string old_path = status_of(domain).console_path;
  restart();
  // The guest powers off; its terminal's number is taken by somebody else before the next launch.
  events_.clear();
  wait(driver().shutdown(domain.uuid, 0));
  wait_until([&] { return ::access(old_path.c_str(), F_OK) != 0 || !events_.empty(); });
  const Console foreign = open_console_pair();
  wait_for_events(1);
  const UniqueFd console = wait(driver().open_console(domain.uuid, ""));
  EXPECT_NE(device_of(foreign.slave.get()), device_of(console.get()));
  EXPECT_EQ(device_at(status_of(domain).console_path), device_of(console.get()));
  EXPECT_NE(std::string::npos, driver().xml(domain.uuid, 0).find(status_of(domain).console_path));
}

/// After a restart of virtsevd, with a monitor that an earlier version of it may have started.
class ConsoleFoundAgain : public ConsoleOf {
 protected:
  DomainHandle start_and_restart(const DomainText& text) {
    const DomainHandle domain = start(define(text));
    restart();
    wait(driver().info(domain.uuid));  // It is found again, and answers
    return domain;
  }
  /// Somebody else's terminal under this path.
  void take_number_of(const std::string& path) {
    do {
      others_.push_back(open_console_pair());
    } while (others_.back().path != path && others_.size() < 64);
    ASSERT_EQ(path, others_.back().path) << "the number was not given again";
  }
  std::string complaint(const DomainHandle& domain) {
    const auto error = error_of(driver().open_console(domain.uuid, ""));
    return error ? error->what() : "none";
  }

  std::vector<Console> others_;
};

TEST_F(ConsoleFoundAgain, OfAnEarlierMonitorIsItsTerminal) {
  const DomainHandle domain = start_and_restart({.name = "three"});
  const std::string path = status_of(domain).console_path;
  EXPECT_EQ(device_at(path), device_of(wait(driver().open_console(domain.uuid, "")).get()));
}

TEST_F(ConsoleFoundAgain, OfAMonitorThatHungUpIsNeverAnothersTerminal) {
  for (const char* name : {"three", "guest"}) {
    const DomainHandle domain = start_and_restart({.name = name, .command_line = "pause=hang-up"});
    const std::string path = status_of(domain).console_path;
    wait(driver().suspend(domain.uuid));
    take_number_of(path);
    EXPECT_NE("none", complaint(domain)) << name;
    others_.clear();
    wait(driver().destroy(domain.uuid, 0));
  }
}

TEST_F(ConsoleFoundAgain, IsNothingThatAMonitorSaysIsATerminal) {
  for (const std::string lie : {"foreign", "none"}) {
    const DomainHandle domain = start_and_restart({.name = lie, .command_line = "console=" + lie});
    EXPECT_NE(std::string::npos, complaint(domain).find("has not got the terminal")) << lie;
    wait(driver().destroy(domain.uuid, 0));
  }
}

TEST_F(ConsoleFoundAgain, StaysTheSameWhereTheGuestIsLaunchedAnew) {
  const DomainHandle domain = start_and_restart({.more = "<on_poweroff>restart</on_poweroff>"});
  const std::string path = status_of(domain).console_path;
  wait(driver().open_console(domain.uuid, ""));
  events_.clear();
  wait(driver().shutdown(domain.uuid, 0));
  wait_for_events(1);
  EXPECT_EQ(path, status_of(domain).console_path);
  EXPECT_EQ(device_at(path), device_of(wait(driver().open_console(domain.uuid, "")).get()));
}

TEST_F(ConsoleFoundAgain, OfAnEarlierMonitorThatHasJustEndedIsNoTerminalAtAll) {
  const DomainHandle domain = start_and_restart({.name = "three"});
  const std::string path = status_of(domain).console_path;
  const Process monitor = find_process(monitor_of(domain), status_of(domain).start_time);
  kill_process(monitor);
  while (is_alive(monitor)) {
    pollfd ended{monitor.pidfd.get(), POLLIN, 0};
    ::poll(&ended, 1, -1);
  }
  // The loop has not turned: virtsevd still takes it for running.
  take_number_of(path);
  EXPECT_NE("none", complaint(domain));
}

}  // namespace
}  // namespace virtsev::daemon
