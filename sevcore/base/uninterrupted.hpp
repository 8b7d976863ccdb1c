// SPDX-License-Identifier: LGPL-2.1-or-later
// System calls that a signal may interrupt, and loops that read and write whole buffers: once, here.
#pragma once

#include <cerrno>
#include <cstdint>

#include <unistd.h>

#include "sevcore/base/bytes.hpp"

namespace virtsev {

/// Makes the call again for as long as a signal interrupts it; gives what it answered, errno beside it.
template <typename Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) {
    result = call();
  }
  return result;
}

/// Fills `to` from `offset` of the file on. How many bytes: fewer than asked for only where the file ends;
/// -1, and errno, where it can't be read.
inline ssize_t pread_all(int fd, MutableBytes to, std::uint64_t offset) {
  std::size_t done = 0;
  while (done < to.size()) {
    const ssize_t got = uninterrupted(
        [&] { return ::pread(fd, to.data() + done, to.size() - done, static_cast<off_t>(offset + done)); });
    if (got < 0) {
      return -1;
    }
    if (got == 0) {
      break;
    }
    done += static_cast<std::size_t>(got);
  }
  return static_cast<ssize_t>(done);
}

/// How many bytes were written from `offset` of the file on: fewer than all where it takes no more; errno
/// says why, 0 where the system does not.
inline std::size_t pwrite_all(int fd, ByteView from, std::uint64_t offset) {
  std::size_t done = 0;
  errno = 0;
  while (done < from.size()) {
    const ssize_t put = uninterrupted([&] {
      return ::pwrite(fd, from.data() + done, from.size() - done, static_cast<off_t>(offset + done));
    });
    if (put <= 0) {
      break;
    }
    done += static_cast<std::size_t>(put);
  }
  return done;
}

/// False, and errno, where the descriptor does not take all.
inline bool write_all(int fd, ByteView from) {
  while (!from.empty()) {
    const ssize_t put = uninterrupted([&] { return ::write(fd, from.data(), from.size()); });
    if (put < 0) {
      return false;
    }
    from = from.subspan(static_cast<std::size_t>(put));
  }
  return true;
}

}  // namespace virtsev
