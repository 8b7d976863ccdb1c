// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/console_log.hpp"

#include <algorithm>
#include <cerrno>

#include <unistd.h>

#include "sevcore/base/uninterrupted.hpp"

namespace virtsev::vmm {
namespace {

/// By lseek, which the monitor's sandbox allows: fstat is newfstatat to some C libraries.
std::uint64_t length_of(int fd) {
  const off_t end = ::lseek(fd, 0, SEEK_END);
  return end < 0 ? 0 : static_cast<std::uint64_t>(end);
}

/// Replaces what is in `to` by the last `capacity` bytes of `from`.
void copy(int from, int to, std::uint64_t capacity) {
  if (::ftruncate(to, 0) != 0) {
    return;
  }
  const std::uint64_t length = length_of(from);
  const std::uint64_t start = length - std::min(length, capacity);
  Bytes buffer(64U << 10);
  for (std::uint64_t done = 0; start + done < length;) {
    const std::uint64_t want = std::min<std::uint64_t>(buffer.size(), length - start - done);
    const ssize_t got = pread_all(from, MutableBytes(buffer).first(want), start + done);
    if (got <= 0 || pwrite_all(to, ByteView(buffer).first(static_cast<std::size_t>(got)), done) !=
                        static_cast<std::size_t>(got)) {
      return;
    }
    done += static_cast<std::uint64_t>(got);
  }
}

}  // namespace

ConsoleLog::ConsoleLog(const std::array<int, kFiles>& files, std::uint64_t capacity)
    : files_(files), capacity_(capacity), length_(length_of(files[0])) {}

void ConsoleLog::write(ByteView output) {
  while (!output.empty()) {
    if (length_ >= capacity_) {
      shift();
    }
    const std::uint64_t room = capacity_ - std::min(length_, capacity_);
    const std::size_t size = std::min<std::uint64_t>(output.size(), room);
    const std::size_t written = pwrite_all(files_[0], output.first(size), length_);
    length_ += written;
    if (written == 0 || written < size) {
      return;
    }
    output = output.subspan(size);
  }
}

void ConsoleLog::shift() {
  for (std::size_t i = kFiles - 1; i > 0; --i) {
    if (files_[i] >= 0 && files_[i - 1] >= 0) {
      copy(files_[i - 1], files_[i], capacity_);
    }
  }
  if (::ftruncate(files_[0], 0) == 0) {
    length_ = 0;
  }
}

}  // namespace virtsev::vmm
