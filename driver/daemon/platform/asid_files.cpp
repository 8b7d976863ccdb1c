// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/platform/asid_files.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "driver/daemon/files/read_file.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

[[noreturn]] void fail(const std::string& path) {
  throw Error(ErrorCode::kSystemError,
              text("cannot lock '{}': {}; the simulated platform's files must lie on a local file system",
                   path, error_text(errno)));
}

/// What monitors of version 3 hold: an open file description lock on the byte 4096 + ASID.
class OldState {
 public:
  explicit OldState(const std::string& path)
      : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)) {}

  [[nodiscard]] bool holds(std::uint32_t asid) const {
    constexpr off_t kFirstByte = 4096;
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = kFirstByte + asid;
    lock.l_len = 1;
    return file_ && ::fcntl(file_.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  }

 private:
  UniqueFd file_;  // None: there never was such a monitor
};

/// Invalid where somebody has it.
UniqueFd lock_file(const std::string& path) {
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (!file) {
    fail(path);
  }
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) {
    return file;
  }
  if (errno != EWOULDBLOCK) {
    fail(path);
  }
  return {};
}

}  // namespace

std::optional<GivenAsid> give_asid(const Layout& layout, std::uint32_t first, std::uint32_t last,
                                   const std::set<std::uint32_t>& taken) {
  const std::string directory = layout.platform_directory() + "/asids";
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    fail(directory);
  }
  const OldState old(layout.platform_directory() + "/state");
  for (std::uint32_t asid = first; asid <= last; ++asid) {
    if (taken.contains(asid) || old.holds(asid)) {
      continue;
    }
    if (UniqueFd lock = lock_file(directory + "/" + std::to_string(asid))) {
      return GivenAsid{asid, std::move(lock)};
    }
  }
  return std::nullopt;
}

}  // namespace virtsev::daemon
