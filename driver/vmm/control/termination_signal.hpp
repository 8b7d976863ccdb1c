// SPDX-License-Identifier: LGPL-2.1-or-later
// SIGTERM and SIGINT as a descriptor (signalfd(2)).
#pragma once

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::vmm {

/// Made before any thread is: threads inherit that the signals are blocked.
class TerminationSignal {
 public:
  TerminationSignal();
  /// Readable once such a signal has come.
  [[nodiscard]] int descriptor() const { return signal_.get(); }

 private:
  UniqueFd signal_;
};

}  // namespace virtsev::vmm
