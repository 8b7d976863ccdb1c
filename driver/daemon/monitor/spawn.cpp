// SPDX-License-Identifier: LGPL-2.1-or-later
// Between fork and exec: only calls that are safe there (signal-safety(7)), for other threads may have held
// any lock.
#include <cerrno>
#include <cstdlib>
#include <string_view>

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "driver/daemon/files/read_file.hpp"
#include "driver/daemon/monitor/process.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/base/uninterrupted.hpp"

namespace virtsev::daemon {
namespace {

constexpr int kControlSocket = 3;
constexpr int kUidLock = 4;
constexpr int kExecFailure = 5;  // The pipe that closes at exec, or carries errno
constexpr int kProgram = 6;      // Closes at exec

void lift_memory_lock() {
  // SEV pins all guest memory. Root may set any limit; others raise theirs as far as they may.
  const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
  if (::setrlimit(RLIMIT_MEMLOCK, &unlimited) != 0) {
    rlimit own{};
    if (::getrlimit(RLIMIT_MEMLOCK, &own) == 0) {
      own.rlim_cur = own.rlim_max;
      ::setrlimit(RLIMIT_MEMLOCK, &own);
    }
  }
}

bool settle(const CpuMask& cpus) {
  return cpus.empty() || ::syscall(SYS_sched_setaffinity, 0, cpus.size(), cpus.data()) == 0;
}

bool drop_privileges(uid_t uid) {
  if (uid != 0) {
    const auto gid = static_cast<gid_t>(uid);
    // The calls of the C library would ask other threads to do the same, of which a forked child has none.
    if (::syscall(SYS_setgroups, 0, nullptr) != 0 || ::syscall(SYS_setresgid, gid, gid, gid) != 0 ||
        ::syscall(SYS_setresuid, uid, uid, uid) != 0) {
      return false;
    }
  }
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

void restore_signals() {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int number : {SIGPIPE, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGCHLD}) {
    ::signal(number, SIG_DFL);
  }
}

// The descriptors at their places; each first moved out of the way, so that none overwrites another.
bool place_descriptors(const SpawnOptions& options, int program, int failure_pipe) {
  constexpr int kHigh = 100;
  const int control = ::fcntl(options.control_socket, F_DUPFD_CLOEXEC, kHigh);
  const int log = ::fcntl(options.log, F_DUPFD_CLOEXEC, kHigh);
  const int pipe = ::fcntl(failure_pipe, F_DUPFD_CLOEXEC, kHigh);
  const int image = ::fcntl(program, F_DUPFD_CLOEXEC, kHigh);
  const int uid_lock = options.uid_lock < 0 ? -1 : ::fcntl(options.uid_lock, F_DUPFD_CLOEXEC, kHigh);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (control < 0 || log < 0 || pipe < 0 || image < 0 || null < 0) {
    return false;
  }
  if (uid_lock < 0 ? options.uid_lock >= 0 : ::dup2(uid_lock, kUidLock) < 0) {
    return false;
  }
  if (uid_lock < 0) {
    ::close(kUidLock);
  }
  return ::dup2(null, STDIN_FILENO) >= 0 && ::dup2(log, STDOUT_FILENO) >= 0 &&
         ::dup2(log, STDERR_FILENO) >= 0 && ::dup2(control, kControlSocket) >= 0 &&
         ::dup3(pipe, kExecFailure, O_CLOEXEC) >= 0 && ::dup3(image, kProgram, O_CLOEXEC) >= 0 &&
         ::syscall(SYS_close_range, kProgram + 1, ~0U, 0) == 0;
}

// By its descriptor: the monitor's own uid may not be able to search the directories on the way to the
// program (a build below /root).
[[noreturn]] void become_monitor(const SpawnOptions& options, int program, char* const* arguments,
                                 char* const* environment, int failure_pipe) {
  int report = failure_pipe;
  ::setsid();
  restore_signals();
  if (place_descriptors(options, program, failure_pipe)) {
    report = kExecFailure;
    lift_memory_lock();
    if (::chdir("/") == 0 && settle(options.cpus) && drop_privileges(options.uid)) {
      ::syscall(SYS_execveat, kProgram, "", arguments, environment, AT_EMPTY_PATH);
    }
  }
  const int error = errno;
  [[maybe_unused]] const ssize_t written = ::write(report, &error, sizeof error);
  ::_exit(127);
}

// A monitor speaks virtsevd's language: its texts go to virtsevd's clients.
std::vector<std::string> monitor_environment() {
  std::vector<std::string> environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
  bool has_locale = false;
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LC_CTYPE", "LANG", "LANGUAGE"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') {
      environment.push_back(std::string(name) + "=" + value);
      has_locale = has_locale || std::string_view(name) != "LANGUAGE";
    }
  }
  if (!has_locale) {
    environment.emplace_back("LC_ALL=C.UTF-8");
  }
  return environment;
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) {
    pointers.push_back(word.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Process spawn(const SpawnOptions& options) {
  std::vector<std::string> words = options.arguments;
  words.insert(words.begin(), options.program);
  const std::vector<char*> arguments = pointers_to(words);
  std::vector<std::string> variables = monitor_environment();
  const std::vector<char*> environment = pointers_to(variables);

  const UniqueFd program(::open(options.program.c_str(), O_PATH | O_CLOEXEC));
  if (!program) {
    throw Error(ErrorCode::kSystemError, text("cannot start '{}': {}", options.program, error_text(errno)));
  }
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    throw Error(ErrorCode::kSystemError, text("cannot start '{}': {}", options.program, error_text(errno)));
  }
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  const pid_t pid = ::fork();
  if (pid < 0) {
    throw Error(ErrorCode::kSystemError, text("cannot start '{}': {}", options.program, error_text(errno)));
  }
  if (pid == 0) {
    become_monitor(options, program.get(), arguments.data(), environment.data(), writer.get());
  }
  writer.reset();
  Process process;
  process.pid = pid;
  process.start_time = start_time_of(pid);
  process.pidfd = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  int failure = 0;
  // Short: until exec
  const ssize_t got = uninterrupted([&] { return ::read(reader.get(), &failure, sizeof failure); });
  if (got == static_cast<ssize_t>(sizeof failure) || !process.pidfd) {
    kill_process(process);
    collect(process);
    throw Error(ErrorCode::kSystemError,
                text("cannot start '{}': {}", options.program, error_text(failure != 0 ? failure : EMFILE)));
  }
  return process;
}

}  // namespace virtsev::daemon
