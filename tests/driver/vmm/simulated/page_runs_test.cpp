// SPDX-License-Identifier: LGPL-2.1-or-later
// Sets of pages against a set that is kept page by page.
#include "driver/vmm/simulated/page_runs.hpp"

#include <random>
#include <set>

#include <gtest/gtest.h>

#include "sevcore/base/bytes.hpp"

namespace virtsev::vmm::test {
namespace {

using Runs = std::vector<PageRuns::Run>;

PageRuns of(const Runs& runs) {
  PageRuns set;
  for (const PageRuns::Run& run : runs) {
    EXPECT_TRUE(set.add(run));
  }
  return set;
}

TEST(PageRuns, WhatTouchesBecomesOneRunInWhateverOrderItCame) {
  EXPECT_EQ(of({{0x3000, 0x4000}, {0x1000, 0x2000}, {0x2000, 0x3000}, {0x8000, 0x9000}}).runs(),
            (Runs{{0x1000, 0x4000}, {0x8000, 0x9000}}));
  EXPECT_EQ(of({{0x1000, 0x5000}, {0x2000, 0x3000}}).runs(), (Runs{{0x1000, 0x5000}}));
}

TEST(PageRuns, KnowItsEnds) {
  const PageRuns set = of({{0x8000, 0x9000}, {0x1000, 0x3000}});
  EXPECT_FALSE(set.contains(GuestAddress(0xfff)));
  EXPECT_TRUE(set.contains(GuestAddress(0x1000)));
  EXPECT_TRUE(set.contains(GuestAddress(0x2fff)));
  EXPECT_FALSE(set.contains(GuestAddress(0x3000)));
  EXPECT_TRUE(set.contains(GuestAddress(0x8abc)));
  EXPECT_FALSE(PageRuns().contains(GuestAddress(0)));
}

TEST(PageRuns, SubtractingSplitsShortensAndSwallows) {
  const PageRuns whole = of({{0x1000, 0x9000}, {0xa000, 0xb000}, {0xc000, 0xd000}});
  EXPECT_EQ(PageRuns::subtract(whole, of({{0x3000, 0x4000}, {0x8000, 0xc000}})).runs(),
            (Runs{{0x1000, 0x3000}, {0x4000, 0x8000}, {0xc000, 0xd000}}));
  EXPECT_TRUE(PageRuns::subtract(whole, of({{0, 0x10000}})).empty());
  EXPECT_EQ(PageRuns::subtract(whole, {}), whole);
  EXPECT_TRUE(PageRuns::subtract({}, whole).empty());
}

std::set<std::uint64_t> pages_of(const PageRuns& runs) {
  std::set<std::uint64_t> pages;
  for (const PageRuns::Run& run : runs.runs()) {
    for (std::uint64_t page = run.start; page < run.end; page += kPageSize) {
      pages.insert(page);
    }
  }
  return pages;
}

TEST(PageRuns, AgreeWithASetOfPages) {
  std::mt19937 random(20261128);
  const auto some = [&] {
    PageRuns set;
    for (std::uint64_t i = random() % 12; i > 0; --i) {
      const std::uint64_t start = random() % 60 * kPageSize;
      EXPECT_TRUE(set.add({start, start + (1 + random() % 6) * kPageSize}));
    }
    return set;
  };
  for (int round = 0; round < 2000; ++round) {
    const PageRuns one = some();
    const PageRuns other = some();
    std::set<std::uint64_t> both = pages_of(one);
    both.merge(pages_of(other));
    std::set<std::uint64_t> left = pages_of(one);
    for (const std::uint64_t page : pages_of(other)) {
      left.erase(page);
    }
    ASSERT_EQ(pages_of(PageRuns::unite(one, other)), both);
    ASSERT_EQ(pages_of(PageRuns::subtract(one, other)), left);
    ASSERT_EQ(PageRuns::unite(PageRuns::subtract(one, other), other), PageRuns::unite(one, other));
  }
}

TEST(PageRuns, EverySecondPageIsTooMuchAndAWholeRunIsNot) {
  PageRuns set;
  std::uint64_t page = 0;
  while (set.add({page, page + kPageSize})) {
    page += 2 * kPageSize;
    ASSERT_LT(page, 1ULL << 32);
  }
  EXPECT_LE(set.runs().size(), 2 * PageRuns::kMost);
  PageRuns whole;
  for (page = 0; page < 4 * PageRuns::kMost * kPageSize; page += 2 * kPageSize) {
    ASSERT_TRUE(whole.add({page + kPageSize, page + 2 * kPageSize}) && whole.add({page, page + kPageSize}));
  }
  EXPECT_EQ(whole.runs().size(), 1U);
}

}  // namespace
}  // namespace virtsev::vmm::test
