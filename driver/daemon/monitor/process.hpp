// SPDX-License-Identifier: LGPL-2.1-or-later
// A process that may outlive virtsevd, held by its pidfd and not by its number, which the kernel gives away
// again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

#include "driver/daemon/monitor/thread_placement.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon {

struct Process {
  pid_t pid = -1;
  std::uint64_t start_time = 0;  ///< Clock ticks after boot: field 22 of /proc/PID/stat
  UniqueFd pidfd;                ///< Readable when the process has ended
};

/// How a monitor is run. Descriptors are borrowed.
struct SpawnOptions {
  std::string program;
  std::vector<std::string> arguments;  ///< Without the program's own name
  int control_socket = -1;             ///< Becomes descriptor 3
  int log = -1;                        ///< Becomes standard output and standard error
  uid_t uid = 0;                       ///< The monitor's own user and group where not 0; else this process's
  CpuMask cpus;                        ///< Where it runs; empty: where this process does
  int uid_lock = -1;                   ///< Stays open in it for as long as it lives; -1: none
};

/// Starts it in a session of its own: no_new_privs, no supplementary groups, no limit on locked memory (as
/// far as this process may lift it), only the descriptors named above, and of the environment the locale.
/// Throws Error(kSystemError) where it can't be executed.
Process spawn(const SpawnOptions& options);

/// The process with this number that started at this time; an invalid pidfd where it is gone.
Process find_process(pid_t pid, std::uint64_t start_time);

/// Whether it has not ended yet.
bool is_alive(const Process& process);

void kill_process(const Process& process);

/// Collects a child that has ended; says how, for logs: "exit status 1", "signal 9"; empty where it was not
/// this process's child.
std::string collect(const Process& process);

/// 0 where there is no such process.
std::uint64_t start_time_of(pid_t pid);

}  // namespace virtsev::daemon
