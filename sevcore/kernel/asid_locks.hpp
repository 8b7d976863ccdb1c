// SPDX-License-Identifier: LGPL-2.1-or-later
// The ASIDs of a simulated host, and the queue for its firmware, as open-file-description locks on bytes of
// the platform's `state` file: whoever is killed gives both back.
#pragma once

#include <cstdint>
#include <optional>
#include <set>

namespace virtsev::sevcore {

/// One process's locks. Not for several threads at once.
class AsidLocks {
 public:
  /// `state_fd`: open for reading and writing, for this process alone; borrowed.
  explicit AsidLocks(int state_fd) : fd_(state_fd) {}

  /// Takes the lowest free ASID from `first` to `last`; nothing where all are taken. Throws Error where the
  /// file can't be locked.
  std::optional<std::uint32_t> take(std::uint32_t first, std::uint32_t last);
  void give_back(std::uint32_t asid);
  /// How many ASIDs from 1 to `last` other processes have.
  [[nodiscard]] std::uint32_t count_elsewhere(std::uint32_t last) const;

 private:
  int fd_;
  std::set<std::uint32_t> held_;  ///< A process's own locks do not exclude itself
};

/// The right to run one firmware command: waits until it has it, gives it back when it goes. There is no
/// limit to that wait: a process that is stopped while it has its turn, or holds it for ever, keeps all
/// guests of the host from launching, until it is killed. virtsevd waits for no turn, and ends a launch that
/// takes longer than launch_timeout.
class QueueTurn {
 public:
  explicit QueueTurn(int state_fd);
  ~QueueTurn();
  QueueTurn(const QueueTurn&) = delete;
  QueueTurn& operator=(const QueueTurn&) = delete;

 private:
  int fd_;
};

}  // namespace virtsev::sevcore
