// SPDX-License-Identifier: LGPL-2.1-or-later
// A device reaches what the guest shares, and nothing else, whatever the guest says where its buffers are.
#include "driver/vmm/memory/shared_memory.hpp"

#include <gtest/gtest.h>

namespace virtsev::vmm::test {
namespace {

constexpr std::uint64_t kLow = 0x1000;
constexpr std::uint64_t kNext = 0x3000;  // Where `low_` ends
constexpr std::uint64_t kHigh = 0x100000000;

class SharedMemoryTest : public testing::Test {
 protected:
  [[nodiscard]] DmaFault fault_of(std::vector<DmaSegment> segments) const {
    const auto pieces = memory_.iovecs(segments);
    EXPECT_FALSE(pieces.has_value());
    return pieces.has_value() ? DmaFault{} : pieces.error();
  }

  Bytes low_ = Bytes(0x2000);
  Bytes next_ = Bytes(0x1000);
  Bytes high_ = Bytes(0x1000);
  SharedMemory memory_{std::vector<GuestMemory::Range>{{GuestAddress(kLow), low_.size(), low_.data()},
                                                       {GuestAddress(kNext), next_.size(), next_.data()},
                                                       {GuestAddress(kHigh), high_.size(), high_.data()}}};
};

TEST_F(SharedMemoryTest, GivesEachSegmentItsPieceInOrder) {
  const std::vector<DmaSegment> segments = {{GuestAddress(kHigh), 16}, {GuestAddress(kLow + 8), 0x100}};
  const auto pieces = memory_.iovecs(segments);
  ASSERT_TRUE(pieces.has_value());
  ASSERT_EQ(pieces->size(), 2U);
  EXPECT_EQ((*pieces)[0].iov_base, high_.data());
  EXPECT_EQ((*pieces)[0].iov_len, 16U);
  EXPECT_EQ((*pieces)[1].iov_base, low_.data() + 8);
  EXPECT_EQ((*pieces)[1].iov_len, 0x100U);
}

TEST_F(SharedMemoryTest, GivesASegmentOverTwoRangesTwoPieces) {
  const std::vector<DmaSegment> segments = {{GuestAddress(kNext - 4), 0x1004}};
  const auto pieces = memory_.iovecs(segments);
  ASSERT_TRUE(pieces.has_value());
  ASSERT_EQ(pieces->size(), 2U);
  EXPECT_EQ((*pieces)[0].iov_base, low_.data() + low_.size() - 4);
  EXPECT_EQ((*pieces)[0].iov_len, 4U);
  EXPECT_EQ((*pieces)[1].iov_base, next_.data());
  EXPECT_EQ((*pieces)[1].iov_len, 0x1000U);
}

TEST_F(SharedMemoryTest, GivesAnEmptySegmentNoPieceWhereverItIs) {
  const std::vector<DmaSegment> segments = {{GuestAddress(0x999999), 0}, {GuestAddress(kLow), 1}};
  const auto pieces = memory_.iovecs(segments);
  ASSERT_TRUE(pieces.has_value());
  EXPECT_EQ(pieces->size(), 1U);
  EXPECT_TRUE(memory_.iovecs({})->empty());
}

TEST_F(SharedMemoryTest, RefusesASegmentIntoTheHole) {
  EXPECT_EQ(fault_of({{GuestAddress(kNext + 0xfff), 2}}), DmaFault::kNotShared);
  EXPECT_EQ(fault_of({{GuestAddress(kLow), kHigh}}), DmaFault::kNotShared);
  EXPECT_EQ(fault_of({{GuestAddress(0), 8}}), DmaFault::kNotShared);
}

TEST_F(SharedMemoryTest, RefusesAllWhereOneSegmentIsRefused) {
  EXPECT_EQ(fault_of({{GuestAddress(kLow), 8}, {GuestAddress(kHigh + 0x1000), 1}}), DmaFault::kNotShared);
}

TEST_F(SharedMemoryTest, RefusesASegmentWhoseEndWrapsAround) {
  EXPECT_EQ(fault_of({{GuestAddress(kLow), ~0ULL}}), DmaFault::kNotShared);
  EXPECT_EQ(fault_of({{GuestAddress(~0ULL), 2}}), DmaFault::kNotShared);
  EXPECT_EQ(fault_of({{GuestAddress(kHigh), ~0ULL - kHigh + kLow + 1}}), DmaFault::kNotShared);
}

TEST_F(SharedMemoryTest, RefusesMorePiecesThanOneCallTakes) {
  std::vector<DmaSegment> segments(SharedMemory::kMostPieces, {GuestAddress(kLow), 1});
  EXPECT_TRUE(memory_.iovecs(segments).has_value());
  segments.push_back({GuestAddress(kLow), 1});
  EXPECT_EQ(fault_of(segments), DmaFault::kTooLong);
}

}  // namespace
}  // namespace virtsev::vmm::test
