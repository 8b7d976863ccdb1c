// SPDX-License-Identifier: LGPL-2.1-or-later
// Who gets how much of the memory for messages.
#include <gtest/gtest.h>

#include "driver/rpc/memory_budget.hpp"

namespace virtsev::rpc::test {
namespace {

using Share = MemoryBudget::Share;

constexpr std::size_t kLimit = 800;
constexpr uid_t kAlice = 1000, kBob = 1001;

TEST(MemoryBudget, OneUsersReadersGetAnEighthTogether) {
  const auto budget = std::make_shared<MemoryBudget>(kLimit);
  Share first(budget, kAlice);
  Share second(budget, kAlice);
  EXPECT_TRUE(first.grow(60));
  EXPECT_TRUE(second.grow(40));
  EXPECT_FALSE(second.grow(1));
  Share of_bob(budget, kBob);
  EXPECT_TRUE(of_bob.grow(100));
}

TEST(MemoryBudget, AllReadersGetTheFirstHalf) {
  const auto budget = std::make_shared<MemoryBudget>(kLimit);
  std::vector<Share> readers;
  for (uid_t user = 0; user < 4; ++user) {
    readers.emplace_back(budget, user);
    EXPECT_TRUE(readers.back().grow(100));
  }
  Share late(budget, kAlice);
  EXPECT_FALSE(late.grow(1));
  Share writer(budget, std::nullopt);
  EXPECT_TRUE(writer.grow(400));
  EXPECT_FALSE(writer.grow(1));
}

TEST(MemoryBudget, WhatAShareTookComesBackWithItsEnd) {
  const auto budget = std::make_shared<MemoryBudget>(kLimit);
  {
    Share gone(budget, kAlice);
    ASSERT_TRUE(gone.grow(100));
    Share moved = std::move(gone);
    EXPECT_FALSE(moved.grow(1));
  }
  EXPECT_EQ(budget->used(), 0U);
  Share next(budget, kAlice);
  EXPECT_TRUE(next.grow(100));
}

TEST(MemoryBudget, ARefusedTakeTakesNothing) {
  const auto budget = std::make_shared<MemoryBudget>(kLimit);
  Share share(budget, kAlice);
  EXPECT_FALSE(share.grow(101));
  EXPECT_FALSE(share.grow(static_cast<std::size_t>(-1)));
  EXPECT_EQ(budget->used(), 0U);
  EXPECT_TRUE(share.grow(100));
}

}  // namespace
}  // namespace virtsev::rpc::test
