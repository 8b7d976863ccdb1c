// SPDX-License-Identifier: LGPL-2.1-or-later
// A split virtqueue and its driver, as virtio 1.2, section 2.7, wants them.
#include "driver/vmm/virtio/split_queue.hpp"

#include <gtest/gtest.h>

#include "tests/driver/vmm/virtio/driver_rings.hpp"

namespace virtsev::vmm::test {
namespace {

class SplitQueueTest : public testing::Test {
 protected:
  SplitQueue& queue(bool indirect = true, bool event_index = false) {
    auto made = SplitQueue::make(rings_.setup(), memory_.shared(),
                                 {indirect, event_index, [this] { ++interrupts_; }});
    EXPECT_TRUE(made.has_value());
    queue_ = std::move(*made);
    return *queue_;
  }
  RawDescriptor buffer(std::uint32_t size, std::uint16_t flags = 0) {
    return {memory_.allocate(size), size, flags, 0};
  }

  TestMemory memory_;
  DriverRings rings_{memory_};
  int interrupts_ = 0;
  std::unique_ptr<SplitQueue> queue_;
};

TEST_F(SplitQueueTest, AnEmptyQueueHasNoBuffer) {
  const auto chain = queue().take();
  ASSERT_TRUE(chain);
  EXPECT_FALSE(*chain);
}

TEST_F(SplitQueueTest, ABufferComesWithItsReadableAndWritablePieces) {
  rings_.put_chain(2, {buffer(16), buffer(32), buffer(64, kWrite)});
  rings_.offer(2);
  const auto chain = queue().take();
  ASSERT_TRUE(chain && *chain);
  EXPECT_EQ((*chain)->head, 2);
  EXPECT_EQ((*chain)->readable.size(), 2U);
  EXPECT_EQ((*chain)->readable_bytes, 48U);
  EXPECT_EQ((*chain)->writable.size(), 1U);
  EXPECT_EQ((*chain)->writable_bytes, 64U);
}

TEST_F(SplitQueueTest, AnIndirectTableIsAsGoodAsTheQueuesOwn) {
  rings_.put(0, rings_.table({buffer(16), buffer(32, kWrite)}));
  rings_.put(1, buffer(8));
  rings_.offer(0);
  const auto chain = queue().take();
  ASSERT_TRUE(chain && *chain);
  EXPECT_EQ((*chain)->readable_bytes, 16U);
  EXPECT_EQ((*chain)->writable_bytes, 32U);
}

TEST_F(SplitQueueTest, AnIndirectTableMayStandAtTheEndOfAChain) {  // 2.7.5.3.2
  rings_.put_chain(0, {buffer(16), rings_.table({buffer(32, kWrite)})});
  rings_.offer(0);
  const auto chain = queue().take();
  ASSERT_TRUE(chain && *chain);
  EXPECT_EQ((*chain)->readable_bytes, 16U);
  EXPECT_EQ((*chain)->writable_bytes, 32U);
}

TEST_F(SplitQueueTest, ABufferThatWasPutBackComesAgain) {
  rings_.put(3, buffer(16));
  rings_.offer(3);
  SplitQueue& one = queue();
  ASSERT_TRUE(one.take());
  one.put_back();
  const auto chain = one.take();
  ASSERT_TRUE(chain && *chain);
  EXPECT_EQ((*chain)->head, 3);
}

TEST_F(SplitQueueTest, UsedBuffersAreInTheUsedRingInAnyOrder) {
  rings_.put(0, buffer(16, kWrite));
  rings_.put(1, buffer(16, kWrite));
  rings_.offer(0);
  rings_.offer(1);
  SplitQueue& one = queue();
  ASSERT_TRUE(one.take() && one.take());
  one.give_back(1, 5);
  one.give_back(0, 7);
  EXPECT_EQ(rings_.used(), 2);
  EXPECT_EQ(rings_.used_head(0), 1U);
  EXPECT_EQ(rings_.used_length(0), 5U);
  EXPECT_EQ(rings_.used_head(1), 0U);
  EXPECT_EQ(rings_.used_length(1), 7U);
}

TEST_F(SplitQueueTest, IndicesRunOnBeyondTheirLastValue) {
  rings_.put(0, buffer(16, kWrite));
  SplitQueue& one = queue(true, true);
  for (int i = 0; i < 70000; ++i) {
    rings_.offer(0);
    const auto chain = one.take();
    ASSERT_TRUE(chain && *chain) << i;
    one.give_back(0, 1);
    rings_.set_used_event(static_cast<std::uint16_t>(i));
    one.notify();
  }
  EXPECT_EQ(rings_.used(), static_cast<std::uint16_t>(70000));
  EXPECT_EQ(interrupts_, 70000);
}

TEST_F(SplitQueueTest, TheDriverKicksNotWhileTheDeviceLooks) {  // 2.7.10, without EVENT_IDX
  rings_.put(0, buffer(16));
  rings_.offer(0);
  SplitQueue& one = queue();
  ASSERT_TRUE(one.take());
  EXPECT_EQ(rings_.used_flags(), 1);
  ASSERT_TRUE(one.take());
  EXPECT_EQ(rings_.used_flags(), 0);
}

TEST_F(SplitQueueTest, TheDriverKicksAtTheIndexThatTheDeviceWaitsFor) {  // 2.7.10, with EVENT_IDX
  rings_.put(0, buffer(16));
  rings_.offer(0);
  SplitQueue& one = queue(true, true);
  ASSERT_TRUE(one.take());
  EXPECT_EQ(rings_.available_event(), 0);
  ASSERT_TRUE(one.take());
  EXPECT_EQ(rings_.available_event(), 1);
  EXPECT_EQ(rings_.used_flags(), 0) << "reserved then";
}

TEST_F(SplitQueueTest, ADriverThatWantsNoInterruptGetsNone) {  // 2.7.7.2
  rings_.put(0, buffer(16));
  rings_.offer(0);
  rings_.offer(0);
  SplitQueue& one = queue();
  ASSERT_TRUE(one.take() && one.take());
  rings_.set_available_flags(1);
  one.give_back(0, 0);
  one.notify();
  EXPECT_EQ(interrupts_, 0);
  rings_.set_available_flags(0);
  one.give_back(0, 0);
  one.notify();
  EXPECT_EQ(interrupts_, 1);
  one.notify();
  EXPECT_EQ(interrupts_, 1) << "nothing was used since";
}

TEST_F(SplitQueueTest, ADriverIsInterruptedOnceItsIndexIsUsed) {  // 2.7.10
  rings_.put(0, buffer(16));
  SplitQueue& one = queue(true, true);
  rings_.set_used_event(1);
  for (int i = 0; i < 3; ++i) {
    rings_.offer(0);
    ASSERT_TRUE(one.take());
    one.give_back(0, 0);
    one.notify();
    EXPECT_EQ(interrupts_, i == 0 ? 0 : 1) << i;
  }
}

}  // namespace
}  // namespace virtsev::vmm::test
