// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include "driver/rpc/strangers.hpp"

namespace virtsev::rpc {
namespace {

using std::chrono::seconds;

constexpr uid_t kCrowd = 1000, kSingle = 1001;
constexpr StrangerShare kShare{3, std::chrono::milliseconds(1000)};
const auto kStart = Strangers::Clock::now();

TEST(Strangers, BeyondItsShareAUsersOldestGoes) {
  Strangers strangers;
  for (std::uint64_t id = 1; id <= 3; ++id) {
    strangers.add(id, kCrowd, kStart);
    EXPECT_FALSE(strangers.beyond_share(kCrowd, kShare, kStart + seconds(10)));
  }
  strangers.add(4, kCrowd, kStart);
  EXPECT_EQ(1U, strangers.beyond_share(kCrowd, kShare, kStart + seconds(10)));
  EXPECT_FALSE(strangers.beyond_share(kSingle, kShare, kStart + seconds(10)));
  strangers.remove(1);
  EXPECT_FALSE(strangers.beyond_share(kCrowd, kShare, kStart + seconds(10)));
}

TEST(Strangers, WhoHasJustComeStaysUpToFourTimesTheShare) {
  Strangers strangers;
  for (std::uint64_t id = 1; id <= 12; ++id) {
    strangers.add(id, kCrowd, kStart);
    EXPECT_FALSE(strangers.beyond_share(kCrowd, kShare, kStart));
  }
  strangers.add(13, kCrowd, kStart);
  EXPECT_EQ(1U, strangers.beyond_share(kCrowd, kShare, kStart));
}

TEST(Strangers, WhereThereIsNoPlaceWhoHasTheMostGivesWay) {
  Strangers strangers;
  EXPECT_FALSE(strangers.first_to_go());
  strangers.add(1, kSingle, kStart);
  strangers.add(2, kCrowd, kStart + seconds(1));
  strangers.add(3, kCrowd, kStart + seconds(2));
  ASSERT_TRUE(strangers.first_to_go());
  EXPECT_EQ(2U, strangers.first_to_go()->id);
  EXPECT_EQ(kStart + seconds(1), strangers.first_to_go()->since);
  strangers.remove(2);
  strangers.remove(3);
  strangers.remove(3);
  EXPECT_EQ(1U, strangers.first_to_go()->id);
  strangers.remove(1);
  EXPECT_EQ(0U, strangers.size());
}

}  // namespace
}  // namespace virtsev::rpc
