// SPDX-License-Identifier: LGPL-2.1-or-later
// One daemon for each place: the lock that the kernel drops when its holder dies.
#pragma once

#include <string>

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon {

class PidFile {
 public:
  /// Locks `path` (made where missing, mode 0644) and writes this process's id into it. Throws
  /// Error(kOperationFailed) where another daemon holds it, Error(kSystemError) where the file can't be made.
  explicit PidFile(std::string path);
  /// Removes the file: whoever finds one later finds that of a daemon that runs, or was killed.
  ~PidFile();
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;

 private:
  const std::string path_;
  UniqueFd fd_;
};

}  // namespace virtsev::daemon
