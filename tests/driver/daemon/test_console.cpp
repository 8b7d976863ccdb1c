// SPDX-License-Identifier: LGPL-2.1-or-later
// A client that asks for a guest's console gets that terminal, and never another.
#include <libvirt/libvirt.h>
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
  EXPECT_EQ(device_at(path), device_of(driver().open_console(domain.uuid, "").get()));
  restart();
  wait(driver().info(domain.uuid));  // It is found again
  EXPECT_EQ(device_at(path), device_of(driver().open_console(domain.uuid, "serial0").get()));
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
  const UniqueFd console = driver().open_console(domain.uuid, "");
  EXPECT_NE(device_of(foreign.slave.get()), device_of(console.get()));
  EXPECT_EQ(device_at(status_of(domain).console_path), device_of(console.get()));
  EXPECT_NE(std::string::npos, driver().xml(domain.uuid, 0).find(status_of(domain).console_path));
}

TEST_F(ConsoleOf, AGuestThatHasJustEndedIsNoTerminalAtAll) {
  const DomainHandle domain = start(define());
  const std::string path = status_of(domain).console_path;
  restart();
  wait(driver().info(domain.uuid));  // It is found again, and answers
  EXPECT_NO_THROW(driver().open_console(domain.uuid, ""));
  const Process monitor = find_process(monitor_of(domain), status_of(domain).start_time);
  kill_process(monitor);
  while (is_alive(monitor)) {
    pollfd ended{monitor.pidfd.get(), POLLIN, 0};
    ::poll(&ended, 1, -1);
  }
  // The loop has not turned: virtsevd still takes it for running. Whoever gets its number now is not its
  // guest.
  std::vector<Console> others;
  do {
    others.push_back(open_console_pair());
  } while (others.back().path != path && others.size() < 64);
  ASSERT_EQ(path, others.back().path) << "the number was not given again";
  EXPECT_THROW(driver().open_console(domain.uuid, ""), Error);
}

}  // namespace
}  // namespace virtsev::daemon
