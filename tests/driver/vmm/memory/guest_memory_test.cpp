// SPDX-License-Identifier: LGPL-2.1-or-later
// Nothing but a guest's own memory is ever read or written.
#include "driver/vmm/memory/guest_memory.hpp"

#include <gtest/gtest.h>

#include "driver/vmm/memory/machine_memory.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::vmm::test {
namespace {

class GuestMemoryTest : public testing::Test {
 protected:
  Bytes low_ = Bytes(0x2000, 0x11);
  Bytes high_ = Bytes(0x1000, 0x22);
  GuestMemory memory_{{{GuestAddress(0x10000), low_.size(), low_.data()},
                       {GuestAddress(0x100000000), high_.size(), high_.data()}}};
};

TEST_F(GuestMemoryTest, ReadsAndWritesWithinARange) {
  const Bytes written = {1, 2, 3};
  ASSERT_TRUE(memory_.write(GuestAddress(0x11ffd), written));
  Bytes read(3);
  ASSERT_TRUE(memory_.read(GuestAddress(0x11ffd), read));
  EXPECT_EQ(read, written);
  EXPECT_EQ(low_[0x1ffd], 1);
  ASSERT_TRUE(memory_.read(GuestAddress(0x100000000), read));
  EXPECT_EQ(read, Bytes(3, 0x22));
}

TEST_F(GuestMemoryTest, RefusesWhatBeginsBeforeARange) {
  Bytes bytes(2);
  EXPECT_FALSE(memory_.read(GuestAddress(0xffff), bytes));
}

TEST_F(GuestMemoryTest, RefusesWhatEndsBehindARangeAndWritesNothing) {
  EXPECT_FALSE(memory_.write(GuestAddress(0x11ffe), Bytes(3, 0xff)));
  EXPECT_EQ(low_, Bytes(0x2000, 0x11));
}

TEST_F(GuestMemoryTest, RefusesTheHoleBetweenRanges) {
  Bytes bytes(1);
  EXPECT_FALSE(memory_.read(GuestAddress(0x12000), bytes));
  EXPECT_FALSE(memory_.read(GuestAddress(0), bytes));
  EXPECT_FALSE(memory_.read(GuestAddress(0x100001000), bytes));
}

TEST_F(GuestMemoryTest, RefusesAnEndThatWrapsAround) {
  EXPECT_EQ(memory_.host_address(GuestAddress(0x11000), ~0ULL), nullptr);
  Bytes bytes(16);
  EXPECT_FALSE(memory_.read(GuestAddress(~0ULL), bytes));
}

TEST(MemoryLayout, PutsWhatDoesNotFitBelowTheHoleAboveFourGiB) {
  constexpr std::uint64_t kSize = 5ULL << 30;
  std::uint8_t* const host = nullptr;  // only addresses are looked at
  const GuestMemory memory = lay_out(kSize, host);
  ASSERT_EQ(memory.ranges().size(), 2U);
  EXPECT_EQ(memory.ranges()[0].start, GuestAddress(0));
  EXPECT_EQ(memory.ranges()[0].size, layout::kLowRamLimit.value());
  EXPECT_EQ(memory.ranges()[1].start, layout::kHighRamStart);
  EXPECT_EQ(memory.ranges()[0].size + memory.ranges()[1].size, kSize);
}

TEST(MemoryLayout, HasOneRangeWhereAllFits) { EXPECT_EQ(lay_out(512ULL << 20, nullptr).ranges().size(), 1U); }

}  // namespace
}  // namespace virtsev::vmm::test
