// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/files/own_tree.hpp"

#include <filesystem>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

namespace fs = std::filesystem;

bool is_own(const struct stat& status) { return status.st_uid == ::geteuid() || status.st_uid == 0; }

[[noreturn]] void refuse_owner(const std::string& path, const struct stat& status) {
  throw Error(
      ErrorCode::kOperationDenied,
      text("--root: '{}' belongs to the user with id {}, who could change what virtsevd finds there; use a "
           "directory of your own, or run virtsevd as that user",
           path, status.st_uid));
}

[[noreturn]] void refuse_mode(const std::string& path, const struct stat& status) {
  throw Error(
      ErrorCode::kOperationDenied,
      text("--root: other users can write to '{}' (mode {}), and so change what virtsevd finds there; take "
           "that from them with `chmod go-w`, or use another directory",
           path, fmt::format("{:04o}", status.st_mode & 07777U)));
}

void require_own(const std::string& path, bool follow) {
  struct stat status {};
  if ((follow ? ::stat(path.c_str(), &status) : ::lstat(path.c_str(), &status)) != 0) {
    return;
  }
  if (!is_own(status)) {
    refuse_owner(path, status);
  }
  const bool has_mode =
      S_ISDIR(status.st_mode) || S_ISREG(status.st_mode);  // A socket's is its daemon's choice
  if (has_mode && (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    refuse_mode(path, status);
  }
}

// Whoever can rename a directory above can put another one in its place. In one with the sticky bit (/tmp)
// only the owner can; a group of this user's own is nobody else.
void require_safe_above(const fs::path& root) {
  for (fs::path above = root.parent_path(); above.has_relative_path(); above = above.parent_path()) {
    struct stat status {};
    if (::stat(above.c_str(), &status) != 0) {
      continue;
    }
    if (!is_own(status)) {
      refuse_owner(above.string(), status);
    }
    const bool others =
        (status.st_mode & S_IWOTH) != 0 ||
        ((status.st_mode & S_IWGRP) != 0 && status.st_gid != ::getegid() && status.st_gid != 0);
    if (others && (status.st_mode & S_ISVTX) == 0) {
      refuse_mode(above.string(), status);
    }
  }
}

}  // namespace

void require_own_tree(const std::string& root, const Layout& layout) {
  std::error_code error;
  const fs::path place = fs::weakly_canonical(fs::absolute(root), error);
  require_safe_above(error ? fs::absolute(root) : place);
  require_own(root, true);
  for (const std::string& directory :
       {fs::path(layout.definitions).parent_path().string(), layout.definitions, layout.autostart,
        layout.socket_directory, layout.state, layout.library, layout.platform_directory(),
        layout.unfinished(), layout.logs, layout.console_logs()}) {
    require_own(directory, true);
    for (const auto& entry : fs::directory_iterator(directory, error)) {
      require_own(entry.path().string(), false);
    }
  }
}

}  // namespace virtsev::daemon
