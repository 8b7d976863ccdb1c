// SPDX-License-Identifier: LGPL-2.1-or-later
// A monitor's own user id. Two processes of one uid can kill each other, whichever virtsevd started them: so
// a uid is one monitor's on the whole host. A lock says so, on a file for each uid in a directory that is the
// same for every virtsevd of root (flock(2)): the monitor inherits the locked descriptor, and the lock goes
// with it, however it ends. A uid under which any process runs is left alone, too: monitors of virtsevd 0.1
// hold no lock.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon {

struct MonitorUid {
  std::uint32_t uid = 0;  ///< 0: none of its own
  UniqueFd lock;
};

/// The first free one from `first` to `last`, and none in `used`; nothing where all are taken. `directory` is
/// made where it is missing, with the one that it lies in. Throws Error(kSystemError) where that can't be
/// done, or another user could change what is in it.
std::optional<MonitorUid> take_uid(const std::string& directory, std::uint32_t first, std::uint32_t last,
                                   const std::set<std::uint32_t>& used);

/// Whether a process with this real user id runs.
bool uid_has_process(std::uint32_t uid);

}  // namespace virtsev::daemon
