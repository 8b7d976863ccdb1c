// SPDX-License-Identifier: LGPL-2.1-or-later
// The GHCB page: its fields (AMD document 56421, table "GHCB layout"), read and written in guest memory.
#pragma once

#include <cstdint>
#include <optional>

#include "driver/vmm/memory/guest_memory.hpp"

namespace virtsev::vmm {

class GhcbPage {
 public:
  enum Field : std::uint32_t { kExitCode = 0x390, kExitInfo1 = 0x398, kExitInfo2 = 0x3a0 };

  GhcbPage(const GuestMemory& memory, GuestAddress page) : memory_(memory), page_(page) {}

  /// Nothing where the guest has not marked the field as valid, or there is no memory.
  [[nodiscard]] std::optional<std::uint64_t> read(Field field) const;
  /// Writes an answer: forgets which fields the guest had marked, and marks the two of the answer.
  void answer(std::uint64_t info1, std::uint64_t info2) const;

 private:
  const GuestMemory& memory_;
  GuestAddress page_;
};

}  // namespace virtsev::vmm
