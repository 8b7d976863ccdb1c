// SPDX-License-Identifier: LGPL-2.1-or-later
// Block requests that no driver should make, and images that fail.
#include <cerrno>

#include "tests/driver/vmm/devices/block_driver.hpp"

namespace virtsev::vmm::test {
namespace {

class BlockRefusalsTest : public BlockDriver {};

TEST_F(BlockRefusalsTest, DataPastTheEnd) {
  make_and_start();
  EXPECT_EQ(request(block::kIn, kSectors, {}, {guest_.room(512)}), block::kIoError);
  EXPECT_EQ(queue().used.at(head_), 0U) << "nothing of the data was written";
  EXPECT_EQ(request(block::kIn, kSectors - 1, {}, {guest_.room(1024)}), block::kIoError);
  EXPECT_EQ(request(block::kOut, ~0ULL, {guest_.room(512)}, {}), block::kIoError);
  EXPECT_EQ(request(block::kOut, ~0ULL / 512, {guest_.room(512)}, {}), block::kIoError);
  EXPECT_EQ(disk_.total, 0U);
}

TEST_F(BlockRefusalsTest, PartOfASector) {
  make_and_start();
  EXPECT_EQ(request(block::kIn, 0, {}, {guest_.room(511)}), block::kIoError);
  EXPECT_EQ(request(block::kOut, 0, {guest_.room(513)}, {}), block::kIoError);
  EXPECT_EQ(disk_.total, 0U);
}

TEST_F(BlockRefusalsTest, AnUnknownType) {
  make_and_start();
  EXPECT_EQ(request(2, 0, {guest_.room(512)}, {}), block::kUnsupported);
  EXPECT_EQ(request(~0U, 0, {}, {}), block::kUnsupported);
  EXPECT_EQ(disk_.total, 0U);
}

TEST_F(BlockRefusalsTest, WritesToAReadOnlyDisk) {
  make_and_start({.read_only = true, .discard = true});
  EXPECT_TRUE(has(block::kReadOnly));
  EXPECT_FALSE(has(block::kDiscard | block::kWriteZeroes));
  EXPECT_EQ(request(block::kOut, 0, {guest_.room(512)}, {}), block::kIoError);
  EXPECT_EQ(range(block::kDiscardRequest, 0, 8, 0), block::kIoError);
  EXPECT_EQ(range(block::kWriteZeroesRequest, 0, 8, 0), block::kIoError);
  EXPECT_EQ(disk_.total, 0U);
  EXPECT_EQ(request(block::kIn, 0, {}, {guest_.room(512)}), block::kOk);
}

TEST_F(BlockRefusalsTest, DiscardsPastTheEnd) {
  make_and_start({.discard = true});
  EXPECT_EQ(range(block::kDiscardRequest, kSectors - 1, 2, 0), block::kIoError);
  EXPECT_EQ(range(block::kDiscardRequest, ~0ULL, 1, 0), block::kIoError);
  EXPECT_EQ(range(block::kWriteZeroesRequest, kSectors, 1, 0), block::kIoError);
  EXPECT_EQ(range(block::kDiscardRequest, 0, BlockDevice::kMostRangeSectors + 1, 0), block::kIoError);
  EXPECT_EQ(range(block::kDiscardRequest, 0, 0, 0), block::kOk);
  EXPECT_EQ(disk_.total, 0U);
}

TEST_F(BlockRefusalsTest, RangesWithFlagsThatAreNotKnown) {
  make_and_start({.discard = true});
  EXPECT_EQ(range(block::kDiscardRequest, 0, 8, block::kRangeUnmap), block::kUnsupported);
  EXPECT_EQ(range(block::kWriteZeroesRequest, 0, 8, 2), block::kUnsupported);
  EXPECT_EQ(disk_.total, 0U);
}

TEST_F(BlockRefusalsTest, ZerosWithUnmapWhereTheImageGivesNothingBack) {
  make_and_start();
  EXPECT_EQ(configuration<std::uint8_t>(56), 0U);
  Bytes bytes(16);
  bytes[8] = 8;
  bytes[12] = block::kRangeUnmap;
  queue().add({header(block::kWriteZeroesRequest, 0), guest_.put(bytes)}, {status_place()});
  device_->kicked(0);
  ASSERT_EQ(disk_.begun.size(), 1U);
  EXPECT_EQ(disk_.begun.front()->mode & 2 /* FALLOC_FL_PUNCH_HOLE */, 0);
  disk_.end_all();
}

TEST_F(BlockRefusalsTest, NoRangeOrTwo) {
  make_and_start({.discard = true});
  EXPECT_EQ(request(block::kDiscardRequest, 0, {}, {}), block::kIoError);
  EXPECT_EQ(request(block::kDiscardRequest, 0, {guest_.put(Bytes(15))}, {}), block::kIoError);
  EXPECT_EQ(request(block::kWriteZeroesRequest, 0, {guest_.put(Bytes(32))}, {}), block::kIoError);
  EXPECT_EQ(disk_.total, 0U);
}

TEST_F(BlockRefusalsTest, DiscardsThatTheDriverDidNotTake) {
  make({.discard = true});
  start(block::kDiscard);
  EXPECT_EQ(range(block::kDiscardRequest, 0, 8, 0), block::kUnsupported);
}

TEST_F(BlockRefusalsTest, AHeaderThatIsTooShort) {
  make_and_start();
  const DmaSegment whole = header(block::kIn, 0);
  queue().add({{whole.start, 15}}, {guest_.room(512), status_place()});
  device_->kicked(0);
  ASSERT_EQ(transport_.failures.size(), 1U);
  EXPECT_NE(transport_.failures[0].find("15"), std::string::npos);
  EXPECT_EQ(disk_.total, 0U);
}

TEST_F(BlockRefusalsTest, AChainWithoutAStatusByte) {
  make_and_start();
  queue().add({header(block::kOut, 0), guest_.room(512)}, {});
  queue().add({header(block::kOut, 0), guest_.room(512)}, {status_place()});
  device_->kicked(0);
  EXPECT_EQ(transport_.failures.size(), 1U);
  EXPECT_EQ(queue().taken, 1) << "a device that has failed takes nothing more";
  device_->kicked(0);
  EXPECT_EQ(queue().taken, 1);
}

TEST_F(BlockRefusalsTest, BuffersThatAreNotShared) {
  for (const bool data : {false, true}) {
    make_and_start();
    const DmaSegment nowhere{GuestAddress(0x10), 512};
    queue().add({data ? header(block::kOut, 0) : nowhere, data ? nowhere : guest_.room(512)},
                {status_place()});
    device_->kicked(0);
    EXPECT_EQ(disk_.total, 0U);
  }
  make_and_start();
  queue().add({header(block::kIn, 0)}, {guest_.room(512), {GuestAddress(ListedGuest::kStart - 1), 1}});
  device_->kicked(0);
  EXPECT_EQ(transport_.failures.size(), 3U);
  EXPECT_EQ(disk_.total, 0U);
}

TEST_F(BlockRefusalsTest, RingsThatAreBroken) {
  make_and_start();
  queue().fault = "descriptor 7 refers to itself";
  device_->kicked(0);
  EXPECT_EQ(transport_.failures, (std::vector<std::string>{"descriptor 7 refers to itself"}));
}

TEST_F(BlockRefusalsTest, MoreRequestsAtOnceThanTheQueueHas) {
  make_and_start();
  for (unsigned i = 0; i < 3U * BlockDevice::kQueueSize; ++i) {
    queue().add({header(block::kIn, 0)}, {guest_.room(512), status_place()});
  }
  device_->kicked(0);
  for (unsigned turn = 1; turn < BlockDevice::kQueueSize / BlockDevice::kTurn; ++turn) {
    loop_.run_once();
  }
  device_->kicked(0);
  EXPECT_EQ(queue().taken, BlockDevice::kQueueSize);
  disk_.end_first();
  loop_.run_once();
  EXPECT_EQ(queue().taken, BlockDevice::kQueueSize + 1) << "one has come back, and one more is taken";
  disk_.end_all();
}

TEST_F(BlockRefusalsTest, AQueueThatTheDriverDidNotEnable) {
  make({.queues = 2});
  ListedQueue only;
  device_->start(device_->features(), {&only, nullptr}, guest_.memory, transport_);
  device_->kicked(1);
  device_->kicked(7);
  EXPECT_TRUE(transport_.failures.empty());
}

TEST_F(BlockRefusalsTest, AnImageThatFailsIsToldToTheGuestAndTheLog) {
  make_and_start();
  const DmaSegment place = status_place();
  queue().add({header(block::kOut, 5), guest_.room(512)}, {place});
  device_->kicked(0);
  disk_.end_first(-ENOSPC);
  EXPECT_EQ(status(place), block::kIoError);
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_EQ(lines_[0], "disk0: writing the image failed at sector 5: No space left on device");
  EXPECT_TRUE(transport_.failures.empty());
}

TEST(DeviceLog, LeavesOutWhatComesTooOften) {
  std::vector<std::string> lines;
  std::chrono::steady_clock::time_point now;
  DeviceLog log(
      "disk0", [&](const std::string& line) { lines.push_back(line); }, [&] { return now; });
  for (unsigned i = 0; i < DeviceLog::kBurst + 3; ++i) {
    log.say("no");
  }
  EXPECT_EQ(lines.size(), DeviceLog::kBurst);
  now += DeviceLog::kInterval;
  log.say("again");
  EXPECT_EQ(lines.back(), "disk0: again (3 messages before it were left out)");
}

}  // namespace
}  // namespace virtsev::vmm::test
