// SPDX-License-Identifier: LGPL-2.1-or-later
// Every kind of page table that a guest can have, and those that it should not.
#include "driver/vmm/debug/page_walk.hpp"

#include <map>

#include <gtest/gtest.h>

#include "tests/driver/vmm/debug/page_tables.hpp"

namespace virtsev::vmm::test {
namespace {

constexpr std::uint64_t kCBit = 1ULL << 47;
constexpr std::uint64_t kEnd = 0x100000;  // Of memory that tables can be in

class PageWalk : public testing::Test {
 protected:
  void map(std::uint64_t table, std::uint64_t linear, unsigned level, std::uint64_t entry) {
    entries_[table + entry_offset(linear, level)] = entry;
  }
  Result<Translation, WalkError> walk(const sevcore::VcpuState& state, std::uint64_t linear) {
    return walk_page_tables(state, linear, kCBit, [this](GuestAddress from, MutableBytes to) {
      ++reads_;
      if (from.value() >= kEnd) {
        return false;
      }
      const auto found = entries_.find(from.value());
      put_le<std::uint64_t>(to, 0, found == entries_.end() ? 0 : found->second);
      return true;
    });
  }

  std::map<std::uint64_t, std::uint64_t> entries_;
  int reads_ = 0;
};

TEST_F(PageWalk, FourLevelsLeadToASmallPage) {
  constexpr std::uint64_t kLinear = 0xffffffff81234567;
  map(0x1000, kLinear, 4, 0x2000 | kCBit | kPresent);
  map(0x2000, kLinear, 3, 0x3000 | kCBit | kPresent);
  map(0x3000, kLinear, 2, 0x4000 | kPresent);
  map(0x4000, kLinear, 1, 0x7654321000 | kCBit | kNoExecute | 0xe00 | kPresent);
  const auto found = walk(long_mode(0x1000 | kCBit | 0x18), kLinear);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->address.value(), 0x7654321567U);
  EXPECT_EQ(found->contiguous, 0x1000U - 0x567U);
  EXPECT_TRUE(found->encrypted);
}

TEST_F(PageWalk, FiveLevelsLeadToASmallPage) {
  constexpr std::uint64_t kLinear = 0x00ab123456789abc;
  for (unsigned level = 5; level > 1; --level) {
    map((6 - level) * 0x1000, kLinear, level, ((7 - level) * 0x1000) | kPresent);
  }
  map(0x5000, kLinear, 1, 0x42000 | kPresent);
  const auto found = walk(long_mode(0x1000, true), kLinear);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->address.value(), 0x42abcU);
  EXPECT_FALSE(found->encrypted);
}

TEST_F(PageWalk, BigPagesEndTheWalkEarlyAndReachFurther) {
  constexpr std::uint64_t kLinear = 0x40345678;
  map(0x1000, kLinear, 4, 0x2000 | kPresent);
  map(0x2000, kLinear, 3, 0x3000 | kPresent);
  map(0x3000, kLinear, 2, 0x12200000 | kCBit | kBig | 0x1000 | kPresent);  // bit 12: PAT
  auto found = walk(long_mode(0x1000), kLinear);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->address.value(), 0x12345678U);
  EXPECT_EQ(found->contiguous, 0x200000U - 0x145678U);
  EXPECT_TRUE(found->encrypted);

  map(0x2000, kLinear, 3, 0x8080000000 | kBig | kPresent);
  found = walk(long_mode(0x1000), kLinear);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->address.value(), 0x8080345678U);
  EXPECT_EQ(found->contiguous, 0x40000000U - 0x345678U);
  EXPECT_FALSE(found->encrypted);
}

TEST_F(PageWalk, WithoutPagingAnAddressIsItself) {
  const sevcore::VcpuState state;
  const auto found = walk(state, 0x1234);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->address.value(), 0x1234U);
  EXPECT_TRUE(found->encrypted);
  EXPECT_EQ(found->contiguous, (1ULL << 32) - 0x1234);
  EXPECT_EQ(walk(state, 1ULL << 32).error(), WalkError::kNotCanonical);
  EXPECT_EQ(reads_, 0);
}

TEST_F(PageWalk, OtherModesAreNotGuessedAt) {
  sevcore::VcpuState state = long_mode(0x1000);
  state.efer = 0;
  EXPECT_EQ(walk(state, 0x1000).error(), WalkError::kUnknownMode);
}

TEST_F(PageWalk, AnAddressInTheHoleIsNone) {
  EXPECT_EQ(walk(long_mode(0x1000), 0x0000800000000000).error(), WalkError::kNotCanonical);
  EXPECT_EQ(walk(long_mode(0x1000), 0xffff000000000000).error(), WalkError::kNotCanonical);
  EXPECT_EQ(walk(long_mode(0x1000, true), 0x0100000000000000).error(), WalkError::kNotCanonical);
  EXPECT_EQ(walk(long_mode(0x1000, true), 0x0000800000000000).error(), WalkError::kNotMapped)
      << "with five levels it is one";
}

TEST_F(PageWalk, AnEntryThatIsNotPresentMapsNothing) {
  EXPECT_EQ(walk(long_mode(0x1000), 0x1000).error(), WalkError::kNotMapped);
  map(0x1000, 0x1000, 4, 0x2000);
  EXPECT_EQ(walk(long_mode(0x1000), 0x1000).error(), WalkError::kNotMapped);
}

TEST_F(PageWalk, NoPageIsAsBigAsTheFourthLevel) {
  map(0x1000, 0x1000, 4, 0x2000 | kBig | kPresent);
  EXPECT_EQ(walk(long_mode(0x1000), 0x1000).error(), WalkError::kNotMapped);
}

TEST_F(PageWalk, TablesOutsideMemoryAreTold) {
  EXPECT_EQ(walk(long_mode(kEnd), 0x1000).error(), WalkError::kTableOutsideMemory);
  map(0x1000, 0x1000, 4, 0x000fffffffff0000 | kPresent);
  EXPECT_EQ(walk(long_mode(0x1000), 0x1000).error(), WalkError::kTableOutsideMemory);
}

TEST_F(PageWalk, ATableThatPointsToItselfEndsAfterItsLevels) {
  map(0x1000, 0, 4, 0x1000 | kPresent);
  const auto found = walk(long_mode(0x1000), 0);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->address.value(), 0x1000U);
  EXPECT_EQ(reads_, 4);
}

}  // namespace
}  // namespace virtsev::vmm::test
