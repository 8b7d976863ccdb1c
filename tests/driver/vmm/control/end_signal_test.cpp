// SPDX-License-Identifier: LGPL-2.1-or-later
// The first end of a guest counts.
#include "driver/vmm/control/end_signal.hpp"

#include <gtest/gtest.h>
#include <poll.h>

namespace virtsev::vmm::test {
namespace {

bool is_readable(int fd) {
  pollfd waited{fd, POLLIN, 0};
  return ::poll(&waited, 1, 0) == 1;
}

TEST(EndSignal, IsSilentBeforeTheEnd) {
  const EndSignal signal;
  EXPECT_FALSE(is_readable(signal.descriptor()));
  EXPECT_FALSE(signal.end());
}

TEST(EndSignal, TheFirstEndCounts) {
  EndSignal signal;
  signal.raise({control::EndReason::kPoweroff, {}});
  signal.raise({control::EndReason::kError, "later"});
  EXPECT_TRUE(is_readable(signal.descriptor()));
  EXPECT_EQ(signal.end().value().reason, control::EndReason::kPoweroff);
}

}  // namespace
}  // namespace virtsev::vmm::test
