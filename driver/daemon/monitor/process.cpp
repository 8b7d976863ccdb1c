// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/monitor/process.hpp"

#include <cerrno>

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "driver/daemon/files/read_file.hpp"
#include "sevcore/base/stat_field.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {

std::uint64_t start_time_of(pid_t pid) {
  constexpr int kStartTime = 22;
  return stat_field(read_small("/proc/" + std::to_string(pid) + "/stat"), kStartTime).value_or(0);
}

Process find_process(pid_t pid, std::uint64_t start_time) {
  Process process;
  process.pid = pid;
  process.start_time = start_time;
  process.pidfd = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  // Opened first, compared then: what the descriptor holds can't be swapped any more.
  if (process.pidfd && (start_time == 0 || start_time_of(pid) != start_time)) {
    process.pidfd.reset();
  }
  return process;
}

bool is_alive(const Process& process) {
  pollfd ended{process.pidfd.get(), POLLIN, 0};
  return process.pidfd && ::poll(&ended, 1, 0) == 0;
}

void kill_process(const Process& process) {
  if (process.pidfd) {
    ::syscall(SYS_pidfd_send_signal, process.pidfd.get(), SIGKILL, nullptr, 0);
  }
}

std::string collect(const Process& process) {
  siginfo_t info{};
  constexpr auto kPidfd = static_cast<idtype_t>(3);  // P_PIDFD, which older headers lack
  if (::waitid(kPidfd, static_cast<id_t>(process.pidfd.get()), &info, WEXITED | WNOHANG) != 0 ||
      info.si_pid == 0) {
    return {};
  }
  if (info.si_code == CLD_EXITED) {
    return text("exit status {}", info.si_status);
  }
  return text("signal {}", info.si_status);
}

}  // namespace virtsev::daemon
