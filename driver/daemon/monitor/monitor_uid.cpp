// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/monitor/monitor_uid.hpp"

#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/daemon/files/read_file.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& why) {
  throw Error(ErrorCode::kSystemError,
              text("monitors can't be given user ids of their own: '{}': {}", path, why));
}

UniqueFd open_directory(const std::string& path) {
  const std::string above = std::filesystem::path(path).parent_path().string();
  for (const std::string& each : {above, path}) {
    if (::mkdir(each.c_str(), 0700) != 0 && errno != EEXIST) {
      fail(each, error_text(errno));
    }
  }
  UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (!directory || ::fstat(directory.get(), &status) != 0) {
    fail(path, error_text(errno));
  }
  constexpr mode_t kOthersWrite = S_IWGRP | S_IWOTH;
  if (status.st_uid != ::geteuid() || (status.st_mode & kOthersWrite) != 0) {
    fail(path, text("other users can write there; remove it, or give it to root with mode 0700"));
  }
  return directory;
}

}  // namespace

bool uid_has_process(std::uint32_t uid) {
  errno = 0;
  // setpriority(2), PRIO_USER: ESRCH where there is no such process. A nice value may be -1.
  return ::getpriority(PRIO_USER, uid) != -1 || errno != ESRCH;
}

std::optional<MonitorUid> take_uid(const std::string& directory, std::uint32_t first, std::uint32_t last,
                                   const std::set<std::uint32_t>& used) {
  const UniqueFd place = open_directory(directory);
  for (std::uint32_t uid = first; uid <= last; ++uid) {
    if (used.contains(uid)) {
      continue;
    }
    const std::string name = std::to_string(uid);
    UniqueFd lock(
        ::openat(place.get(), name.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
    if (!lock) {
      fail(directory + "/" + name, error_text(errno));
    }
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) {
        fail(directory + "/" + name, error_text(errno));
      }
      continue;
    }
    // In this order: whoever else wants it now has not got the lock.
    if (!uid_has_process(uid)) {
      return MonitorUid{uid, std::move(lock)};
    }
  }
  return std::nullopt;
}

}  // namespace virtsev::daemon
