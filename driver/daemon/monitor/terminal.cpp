// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/monitor/terminal.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "driver/daemon/files/read_file.hpp"

namespace virtsev::daemon {
namespace {

constexpr int kOpenFlags = O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;

// Linux's Documentation/admin-guide/devices.txt.
constexpr unsigned kAuxiliaryMajor = 5;
constexpr unsigned kPtmxMinor = 2;
constexpr unsigned kFirstSlaveMajor = 136;  // Its minor is the terminal's number

bool is_device(const struct stat& status, unsigned device_major) {
  return S_ISCHR(status.st_mode) && major(status.st_rdev) == device_major;
}

bool holds_master(const Process& process, unsigned number) {
  const std::string line = "tty-index:\t" + std::to_string(number) + "\n";
  const std::string place = "/proc/" + std::to_string(process.pid) + "/fdinfo";
  std::error_code error;
  std::filesystem::directory_iterator entry(place, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (read_small(entry->path().string()).find(line) != std::string::npos) {
      return is_alive(process);  // So it was its own /proc/PID
    }
  }
  return false;
}

}  // namespace

std::string path_behind(int master) {
  struct stat status {};
  std::array<char, 128> path{};
  if (::fstat(master, &status) != 0 || !is_device(status, kAuxiliaryMajor) ||
      minor(status.st_rdev) != kPtmxMinor || ::ptsname_r(master, path.data(), path.size()) != 0) {
    return {};
  }
  return path.data();
}

UniqueFd open_behind(int master) { return UniqueFd(::ioctl(master, TIOCGPTPEER, kOpenFlags)); }

UniqueFd open_held_by(const Process& monitor, const std::string& path) {
  UniqueFd terminal(::open(path.c_str(), kOpenFlags | O_NOFOLLOW));
  struct stat status {};
  // Opened first: its number can't be given away again from here on, and the monitor's is this one or
  // another.
  if (terminal && (::fstat(terminal.get(), &status) != 0 || !is_device(status, kFirstSlaveMajor) ||
                   !holds_master(monitor, minor(status.st_rdev)))) {
    terminal.reset();
    errno = EPERM;
  }
  return terminal;
}

}  // namespace virtsev::daemon
