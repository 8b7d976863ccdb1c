// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include "driver/daemon/monitor/rate_limit.hpp"

namespace virtsev::daemon {
namespace {

using std::chrono::seconds;

int taken(RateLimit& limit, RateLimit::Clock::time_point now, int tries) {
  int taken = 0;
  for (int i = 0; i < tries; ++i) {
    taken += limit.take(now) ? 1 : 0;
  }
  return taken;
}

TEST(RateLimit, GivesABurstAndThenWhatTimeHasEarned) {
  RateLimit limit(4, seconds(10));
  const auto start = RateLimit::Clock::now();
  EXPECT_EQ(4, taken(limit, start, 100));
  EXPECT_EQ(0, taken(limit, start + seconds(9), 100));
  EXPECT_EQ(1, taken(limit, start + seconds(11), 100));
  EXPECT_EQ(2, taken(limit, start + seconds(31), 100));
}

TEST(RateLimit, NeverSavesUpMoreThanABurst) {
  RateLimit limit(4, seconds(10));
  const auto start = RateLimit::Clock::now();
  EXPECT_EQ(4, taken(limit, start + std::chrono::hours(1000), 100));
  EXPECT_EQ(0, taken(limit, start + std::chrono::hours(1000) + seconds(8), 100));
}

}  // namespace
}  // namespace virtsev::daemon
