// SPDX-License-Identifier: LGPL-2.1-or-later
// A monitor's user id is its own on the whole host.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver/daemon/monitor/monitor_uid.hpp"
#include "sevcore/base/error.hpp"
#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

// Nobody's, unless a virtsevd runs here.
constexpr std::uint32_t kFirst = 2100009000;

class MonitorUidTest : public HypervisorTest {
 protected:
  std::optional<MonitorUid> take(std::uint32_t last, const std::set<std::uint32_t>& used = {}) {
    return take_uid(path("host/uids"), kFirst, last, used);
  }
};

TEST_F(MonitorUidTest, EachIsTakenOnceWhoeverAsks) {
  auto first = take(kFirst + 1);
  const auto second = take(kFirst + 1);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(kFirst, first->uid);
  EXPECT_EQ(kFirst + 1, second->uid);
  EXPECT_FALSE(take(kFirst + 1));
  first.reset();
  EXPECT_EQ(kFirst, take(kFirst + 1)->uid);
  EXPECT_EQ(kFirst + 2, take(kFirst + 2, {kFirst})->uid);
}

TEST_F(MonitorUidTest, OneUnderWhichAProcessRunsIsLeftAlone) {
  EXPECT_TRUE(uid_has_process(::getuid()));
  EXPECT_FALSE(uid_has_process(kFirst));
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can run a process as another user";
  }
  int ready[2];
  ASSERT_EQ(0, ::pipe(ready));
  const pid_t other = ::fork();
  if (other == 0) {
    (void)!::setuid(kFirst);
    (void)!::write(ready[1], "y", 1);
    ::pause();
  }
  char byte = 0;
  ASSERT_EQ(1, ::read(ready[0], &byte, 1));
  EXPECT_EQ(kFirst + 1, take(kFirst + 1)->uid);
  ::kill(other, SIGKILL);
  ::waitpid(other, nullptr, 0);
  EXPECT_EQ(kFirst, take(kFirst + 1)->uid);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(MonitorUidTest, APlaceThatOthersCanWriteIsRefused) {
  ASSERT_TRUE(take(kFirst));
  ASSERT_EQ(0, ::chmod(path("host/uids").c_str(), 0777));
  EXPECT_THROW(take(kFirst), Error);
}

TEST_F(MonitorUidTest, AMonitorHoldsTheLockForAsLongAsItLives) {
  auto own = take(kFirst);
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  SpawnOptions options;
  options.program = "/bin/sleep";
  options.arguments = {"1000"};
  options.control_socket = null.get();
  options.log = null.get();
  options.uid_lock = own->lock.get();
  const Process process = spawn(options);
  own.reset();
  EXPECT_FALSE(take(kFirst));
  kill_process(process);
  pollfd ended{process.pidfd.get(), POLLIN, 0};
  ::poll(&ended, 1, -1);
  collect(process);
  EXPECT_TRUE(take(kFirst));
}

}  // namespace
}  // namespace virtsev::daemon
