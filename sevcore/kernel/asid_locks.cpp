// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/kernel/asid_locks.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include <fcntl.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/kernel/platform_files.hpp"

namespace virtsev::sevcore {
namespace {

// Bytes before this one hold the settings. No guest has ASID 0: its byte is the queue.
constexpr off_t kFirstByte = 4096;

struct flock lock_on(short type, off_t byte, off_t count) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = kFirstByte + byte;
  lock.l_len = count;
  return lock;
}

int control(int fd, int operation, struct flock& lock) {
  int result = 0;
  do {
    result = ::fcntl(fd, operation, &lock);
  } while (result != 0 && errno == EINTR);
  return result;
}

[[noreturn]] void fail(int fd) {
  const int error = errno;
  throw Error(
      ErrorCode::kSystemError,
      text("{} can't be locked: {}; the simulated platform's state must lie on a local file system, open for "
           "reading and writing",
           name_of_descriptor(fd), ::strerror(error)));
}

}  // namespace

std::optional<std::uint32_t> AsidLocks::take(std::uint32_t first, std::uint32_t last) {
  for (std::uint32_t asid = first; asid <= last; ++asid) {
    if (held_.contains(asid)) {
      continue;
    }
    struct flock lock = lock_on(F_WRLCK, asid, 1);
    if (control(fd_, F_OFD_SETLK, lock) == 0) {
      held_.insert(asid);
      return asid;
    }
    if (errno != EAGAIN && errno != EACCES) {
      fail(fd_);
    }
  }
  return std::nullopt;
}

void AsidLocks::give_back(std::uint32_t asid) {
  if (held_.erase(asid) == 1) {
    struct flock lock = lock_on(F_UNLCK, asid, 1);
    control(fd_, F_OFD_SETLK, lock);
  }
}

std::uint32_t AsidLocks::count_elsewhere(std::uint32_t last) const {
  std::uint32_t count = 0;
  // The system names any one lock in a range, not the lowest, and neighbouring locks of one process as one:
  // so look on both sides of it.
  std::vector<std::pair<off_t, off_t>> ranges{{1, static_cast<off_t>(last) + 1}};
  while (!ranges.empty()) {
    const auto [begin, end] = ranges.back();
    ranges.pop_back();
    if (begin >= end) {
      continue;
    }
    struct flock lock = lock_on(F_WRLCK, begin, end - begin);
    if (control(fd_, F_OFD_GETLK, lock) != 0) {
      fail(fd_);
    }
    if (lock.l_type == F_UNLCK) {
      continue;
    }
    const off_t locked_begin = std::max(begin, lock.l_start - kFirstByte);
    const off_t locked_end = lock.l_len == 0 ? end : std::min(end, lock.l_start - kFirstByte + lock.l_len);
    count += static_cast<std::uint32_t>(locked_end - locked_begin);
    ranges.emplace_back(begin, locked_begin);
    ranges.emplace_back(locked_end, end);
  }
  return count;
}

QueueTurn::QueueTurn(int state_fd) : fd_(state_fd) {
  struct flock lock = lock_on(F_WRLCK, 0, 1);
  if (control(fd_, F_OFD_SETLKW, lock) != 0) {
    fail(fd_);
  }
}

QueueTurn::~QueueTurn() {
  struct flock lock = lock_on(F_UNLCK, 0, 1);
  control(fd_, F_OFD_SETLK, lock);
}

}  // namespace virtsev::sevcore
