// SPDX-License-Identifier: LGPL-2.1-or-later
// How much memory this process has.
#pragma once

#include <cstdint>

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::vmm {

/// Opens /proc/self/statm (proc(5)) when made, which is before the sandbox, and reads that later.
class ResidentMemory {
 public:
  ResidentMemory();
  /// 0 where it can't be told.
  [[nodiscard]] std::uint64_t bytes() const;

 private:
  UniqueFd statm_;
};

}  // namespace virtsev::vmm
