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
  EXPECT_FALSE(memory_.contains(GuestAddress(0x11000), ~0ULL));
  EXPECT_FALSE(memory_.contains(GuestAddress(0x10000), ~0ULL - 0xffff));
  Bytes bytes(16);
  EXPECT_FALSE(memory_.read(GuestAddress(~0ULL), bytes));
}

TEST_F(GuestMemoryTest, ContainsNothingWhereNothingIs) {
  EXPECT_TRUE(memory_.contains(GuestAddress(0x10000), 0x2000));
  EXPECT_FALSE(memory_.contains(GuestAddress(0x10000), 0x2001));
  EXPECT_TRUE(memory_.contains(GuestAddress(0x11fff), 0));
  EXPECT_FALSE(memory_.contains(GuestAddress(0x12000), 0));
}

TEST(AdjacentRanges, AreOneMemory) {
  Bytes first(0x1000, 0x11);
  Bytes second(0x1000, 0x22);
  const GuestMemory memory({{GuestAddress(0x1000), first.size(), first.data()},
                            {GuestAddress(0x2000), second.size(), second.data()}});
  Bytes read(2);
  ASSERT_TRUE(memory.read(GuestAddress(0x1fff), read));
  EXPECT_EQ(read, (Bytes{0x11, 0x22}));
  ASSERT_TRUE(memory.write(GuestAddress(0x1fff), Bytes{1, 2}));
  EXPECT_EQ(first[0xfff], 1);
  EXPECT_EQ(second[0], 2);
  EXPECT_FALSE(memory.write(GuestAddress(0x1fff), Bytes(0x1002, 9)));
  EXPECT_EQ(first[0xfff], 1) << "nothing is done where a byte has no place";
}

TEST(PrivateMemory, IsInThisProcessOnlyWithinOneRange) {
  Bytes first(0x1000);
  Bytes second(0x1000);
  const PrivateMemory memory(
      std::vector<GuestMemory::Range>{{GuestAddress(0x1000), first.size(), first.data()},
                                      {GuestAddress(0x2000), second.size(), second.data()}});
  EXPECT_EQ(memory.host_address(GuestAddress(0x1010), 0xff0), first.data() + 0x10);
  EXPECT_EQ(memory.host_address(GuestAddress(0x1010), 0xff1), nullptr);
  EXPECT_EQ(memory.host_address(GuestAddress(0x1010), ~0ULL), nullptr);
  EXPECT_EQ(memory.host_address(GuestAddress(0x3000), 0), nullptr);
}

TEST(MemoryLayout, PutsWhatDoesNotFitBelowTheHoleAboveFourGiB) {
  constexpr std::uint64_t kSize = 5ULL << 30;
  const HostMemory host = HostMemory::reserved(kSize);
  const auto ranges = lay_out(kSize, host.data());
  ASSERT_EQ(ranges.size(), 2U);
  EXPECT_EQ(ranges[0].start, GuestAddress(0));
  EXPECT_EQ(ranges[0].size, layout::kLowRamOfLarge.value());
  EXPECT_EQ(ranges[1].start, layout::kHighRamStart);
  EXPECT_EQ(ranges[0].size + ranges[1].size, kSize);
}

TEST(MemoryLayout, HasOneRangeUpToWhereDebian12sOvmfPutsPci) {
  constexpr std::uint64_t kSize = 0xb0000000;
  const HostMemory host = HostMemory::reserved(kSize);
  EXPECT_EQ(lay_out(512ULL << 20, host.data()).size(), 1U);
  EXPECT_EQ(lay_out(kSize - kPageSize, host.data()).size(), 1U);
  const auto ranges = lay_out(kSize, host.data());
  ASSERT_EQ(ranges.size(), 2U);
  EXPECT_EQ(ranges[0].size, 2ULL << 30);
}

}  // namespace
}  // namespace virtsev::vmm::test
