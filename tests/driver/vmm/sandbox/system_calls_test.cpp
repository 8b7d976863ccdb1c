// SPDX-License-Identifier: LGPL-2.1-or-later
// What a monitor that was taken over can still do: in a child each, because the sandbox never opens again.
#include "driver/vmm/sandbox/system_calls.hpp"

#include <cerrno>
#include <csignal>
#include <functional>
#include <semaphore>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver/vmm/sandbox/privileges.hpp"

namespace virtsev::vmm::test {
namespace {

/// The exit status of a child that does `action` in the sandbox; -signal where that killed it.
int in_sandbox(const std::function<int()>& action) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    restrict_system_calls();
    ::syscall(SYS_exit_group, action());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST(Sandbox, LetsTheMonitorReadAndWriteWhatItHas) {
  EXPECT_EQ(in_sandbox([] {
              char byte = 0;
              return ::pread(STDIN_FILENO, &byte, 0, 0) == 0 || errno == ESPIPE ? 0 : 1;
            }),
            0);
}

TEST(Sandbox, OpeningAFileFails) {
  EXPECT_EQ(in_sandbox([] { return ::open("/etc/passwd", O_RDONLY) == -1 && errno == EACCES ? 7 : 1; }), 7);
}

TEST(Sandbox, ANewSocketKills) {
  EXPECT_EQ(in_sandbox([] { return ::socket(AF_INET, SOCK_STREAM, 0); }), -SIGSYS);
}

TEST(Sandbox, AnotherProgramKills) {
  EXPECT_EQ(in_sandbox([] { return ::execl("/bin/true", "true", nullptr); }), -SIGSYS);
}

TEST(Sandbox, ANewProcessKills) {
  EXPECT_EQ(in_sandbox([] { return static_cast<int>(::syscall(SYS_fork)); }), -SIGSYS);
}

TEST(Sandbox, ExecutableMemoryKills) {
  EXPECT_EQ(in_sandbox([] {
              return ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
                     nullptr;
            }),
            -SIGSYS);
}

TEST(Sandbox, AnIoctlOfAnotherDriverKills) {
  EXPECT_EQ(in_sandbox([] { return ::ioctl(STDIN_FILENO, 0x5412, "x"); }),
            -SIGSYS);  // TIOCSTI: typing into a terminal
}

TEST(Sandbox, HoldsThreadsThatWereThereBefore) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    std::binary_semaphore ready(0);
    std::thread other([&ready] {
      ready.acquire();
      ::socket(AF_INET, SOCK_STREAM, 0);
    });
    restrict_system_calls();
    ready.release();
    other.join();
    ::syscall(SYS_exit_group, 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGSYS);
}

TEST(Privileges, AreGone) {
  const pid_t child = ::fork();
  if (child == 0) {
    give_up_privileges();
    const bool gone = ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && ::prctl(PR_GET_DUMPABLE) == 0 &&
                      ::chroot("/") == -1 && errno == EPERM;
    ::_exit(gone ? 7 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

}  // namespace
}  // namespace virtsev::vmm::test
