// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/monitor/thread_placement.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string>

#include <sys/syscall.h>
#include <unistd.h>

#include "driver/daemon/files/read_file.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

std::filesystem::path threads_of(pid_t process) { return "/proc/" + std::to_string(process) + "/task"; }

CpuMask own_mask() {
  constexpr std::size_t kEnough = 1024;  // 8192 CPUs
  CpuMask mask(kEnough);
  // The call itself, and not the C library's: it says how much it has written.
  const long size = ::syscall(SYS_sched_getaffinity, 0, mask.size(), mask.data());
  mask.resize(static_cast<std::size_t>(std::max(size, 0L)));
  return mask;
}

/// 0, or errno.
int set(std::uint32_t thread, const CpuMask& mask) {
  const CpuMask wanted = mask.empty() ? own_mask() : mask;
  return ::syscall(SYS_sched_setaffinity, thread, wanted.size(), wanted.data()) == 0 ? 0 : errno;
}

[[noreturn]] void refuse(std::uint32_t thread, int error) {
  throw Error(ErrorCode::kSystemError,
              text("cannot say on which CPUs the monitor's thread {} runs: {}", thread, error_text(error)));
}

}  // namespace

// The monitor names its threads: those of others are not its to name.
void place_thread(pid_t process, std::uint32_t thread, const CpuMask& mask) {
  std::error_code unused;
  const bool own =
      thread != 0 && std::filesystem::exists(threads_of(process) / std::to_string(thread), unused);
  if (const int error = own ? set(thread, mask) : ESRCH; error != 0) {
    refuse(thread, error);
  }
}

void place_other_threads(pid_t process, const std::vector<std::uint32_t>& vcpus, const CpuMask& mask) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(threads_of(process), error)) {
    const auto thread = static_cast<std::uint32_t>(std::stoul(entry.path().filename().string()));
    if (std::find(vcpus.begin(), vcpus.end(), thread) != vcpus.end()) {
      continue;
    }
    // One that has ended meanwhile is no matter.
    if (const int failure = set(thread, mask); failure != 0 && failure != ESRCH) {
      refuse(thread, failure);
    }
  }
}

}  // namespace virtsev::daemon
