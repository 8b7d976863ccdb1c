// SPDX-License-Identifier: LGPL-2.1-or-later
// The entropy device, as a driver would talk to it (virtio 1.2, section 5.4).
#include "driver/vmm/devices/entropy_device.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/driver/vmm/virtio/fake_queue.hpp"

namespace virtsev::vmm::test {
namespace {

class EntropyDeviceTest : public testing::Test {
 protected:
  EntropyDeviceTest() { device_.start(0, {&queue_}, memory_.shared(), transport_); }

  TestMemory memory_;
  FakeQueue queue_;
  FakeTransport transport_;
  EntropyDevice device_;
};

TEST_F(EntropyDeviceTest, FillsEachBufferAndTellsOnce) {
  const GuestAddress first = memory_.allocate(64);
  const GuestAddress second = memory_.allocate(64);
  queue_.offer(ChainBuilder(memory_).writable_at({first, 64}));
  queue_.offer(ChainBuilder(memory_).writable_at({second, 64}));
  device_.kicked(0);
  EXPECT_EQ(queue_.used, (std::map<std::uint16_t, std::uint32_t>{{0, 64}, {1, 64}}));
  EXPECT_EQ(queue_.notifications, 1);
  EXPECT_NE(memory_.get(first, 64), Bytes(64));
  EXPECT_NE(memory_.get(first, 64), memory_.get(second, 64));
}

TEST_F(EntropyDeviceTest, FillsAllPiecesOfABufferAndNothingBehindThem) {
  const GuestAddress first = memory_.allocate(16);
  const GuestAddress gap = memory_.allocate(16);
  const GuestAddress second = memory_.allocate(16);
  queue_.offer(ChainBuilder(memory_).writable_at({first, 16}).writable_at({second, 16}));
  device_.kicked(0);
  EXPECT_EQ(queue_.used[0], 32U);
  EXPECT_NE(memory_.get(second, 16), Bytes(16));
  EXPECT_EQ(memory_.get(gap, 16), Bytes(16));
}

TEST_F(EntropyDeviceTest, ALongBufferGetsABoundedPart) {
  const GuestAddress at = memory_.allocate(3 * EntropyDevice::kMostBytes);
  queue_.offer(ChainBuilder(memory_).writable_at({at, 3 * EntropyDevice::kMostBytes}));
  device_.kicked(0);
  EXPECT_EQ(queue_.used[0], EntropyDevice::kMostBytes);
  EXPECT_EQ(memory_.get(at + EntropyDevice::kMostBytes, 64), Bytes(64));
}

TEST_F(EntropyDeviceTest, AnEmptyBufferComesBackEmpty) {
  queue_.offer(ChainBuilder(memory_));
  device_.kicked(0);
  EXPECT_EQ(queue_.used[0], 0U);
  EXPECT_TRUE(transport_.failures.empty());
}

TEST_F(EntropyDeviceTest, ABufferForReadingIsRefused) {  // 5.4.6.1
  queue_.offer(ChainBuilder(memory_).readable(Bytes(8)).writable(8));
  device_.kicked(0);
  EXPECT_THAT(transport_.failures, testing::ElementsAre(testing::HasSubstr("5.4.6.1")));
  EXPECT_TRUE(queue_.used.empty());
}

TEST_F(EntropyDeviceTest, AQueueThatBreaksTheRulesStopsTheDevice) {
  queue_.fail_at_end("a loop");
  device_.kicked(0);
  EXPECT_THAT(transport_.failures, testing::ElementsAre("a loop"));
}

TEST_F(EntropyDeviceTest, IsStoppedAtOnceAndStartsAgain) {
  bool stopped = false;
  device_.stop([&] { stopped = true; });
  EXPECT_TRUE(stopped);
  device_.start(0, {&queue_}, memory_.shared(), transport_);
  queue_.offer(ChainBuilder(memory_).writable(8));
  device_.kicked(0);
  EXPECT_EQ(queue_.used[0], 8U);
}

}  // namespace
}  // namespace virtsev::vmm::test
