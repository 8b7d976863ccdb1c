// SPDX-License-Identifier: LGPL-2.1-or-later
// The log of a guest's console: one file and three backups, each of bounded size, through descriptors alone.
#pragma once

#include <array>
#include <cstdint>

#include "sevcore/base/bytes.hpp"

namespace virtsev::vmm {

/// Not locked: its one user, Console, has a lock. What can't be written (a full disk, say) is dropped; a
/// guest never waits for its log, and never fails by it.
class ConsoleLog {
 public:
  static constexpr std::uint64_t kFileCapacity = 2ULL << 20;
  static constexpr std::size_t kFiles = 4;

  /// Descriptors newest first, opened read-write, borrowed; -1: not there. Goes on at the newest file's end.
  /// Where that file is full, contents move one file on, by copying: the monitor opens and renames nothing.
  explicit ConsoleLog(const std::array<int, kFiles>& files, std::uint64_t capacity = kFileCapacity);

  void write(ByteView output);

 private:
  void shift();

  std::array<int, kFiles> files_;
  std::uint64_t capacity_;
  std::uint64_t length_ = 0;
};

}  // namespace virtsev::vmm
