// SPDX-License-Identifier: LGPL-2.1-or-later
// Takes the news that the guest has ended from any thread to the I/O thread.
#pragma once

#include <mutex>
#include <optional>

#include "driver/vmm/run/guest_end.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::vmm {

class EndSignal {
 public:
  EndSignal();

  /// Any thread, any number of times; the first end counts.
  void raise(GuestEnd end);
  /// Readable once an end was raised.
  [[nodiscard]] int descriptor() const { return event_.get(); }
  /// The end; nothing before it.
  [[nodiscard]] std::optional<GuestEnd> end() const;

 private:
  UniqueFd event_;
  mutable std::mutex mutex_;
  std::optional<GuestEnd> end_;
};

}  // namespace virtsev::vmm
