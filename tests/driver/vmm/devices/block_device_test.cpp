// SPDX-License-Identifier: LGPL-2.1-or-later
// A block device as a driver that keeps to the specification sees it.
#include "tests/driver/vmm/devices/block_driver.hpp"

namespace virtsev::vmm::test {
namespace {

using Kind = IoOperation::Kind;

class BlockDeviceTest : public BlockDriver {};

TEST_F(BlockDeviceTest, SaysWhatItIs) {
  make();
  EXPECT_EQ(device_->type(), 2U);
  EXPECT_EQ(device_->queue_sizes(), (std::vector<std::uint16_t>{BlockDevice::kQueueSize}));
  EXPECT_EQ(configuration<std::uint64_t>(0), kSectors);
  EXPECT_EQ(configuration<std::uint32_t>(8), BlockDevice::kSegmentBytes);
  EXPECT_EQ(configuration<std::uint32_t>(12), BlockDevice::kSegments);
  EXPECT_EQ(configuration<std::uint32_t>(20), 512U);
  EXPECT_EQ(configuration<std::uint8_t>(24), 3U) << "8 logical blocks in a physical one";
  EXPECT_EQ(configuration<std::uint16_t>(34), 1U);
  EXPECT_FALSE(has(block::kReadOnly));
  EXPECT_FALSE(has(block::kDiscard));
  EXPECT_TRUE(has(block::kFlush));
}

TEST_F(BlockDeviceTest, OffersAsManyQueuesAsItIsTo) {
  make({.queues = 4});
  EXPECT_EQ(device_->queue_sizes().size(), 4U);
  EXPECT_EQ(configuration<std::uint16_t>(34), 4U);
}

TEST_F(BlockDeviceTest, ReadsIntoTheDriversBuffers) {
  make_and_start();
  const DmaSegment first = guest_.room(512);
  const DmaSegment second = guest_.room(1024);
  const DmaSegment place = status_place();
  const std::uint16_t head = queue().add({header(block::kIn, 3)}, {first, second, place});
  device_->kicked(0);
  ASSERT_EQ(disk_.begun.size(), 1U);
  EXPECT_EQ(disk_.begun.front()->kind, Kind::kRead);
  EXPECT_EQ(disk_.begun.front()->offset, 3 * 512U);
  const Bytes data(1536, 9);
  copy_in(data, disk_.begun.front()->pieces, 0);
  EXPECT_TRUE(queue().used.empty());
  disk_.end_first();
  EXPECT_EQ(guest_.get(first), Bytes(512, 9));
  EXPECT_EQ(guest_.get(second), Bytes(1024, 9));
  EXPECT_EQ(status(place), block::kOk);
  EXPECT_EQ(queue().used.at(head), 1537U);
  EXPECT_EQ(queue().notified, 1);
}

TEST_F(BlockDeviceTest, TakesDataAndStatusInOneDescriptorAndTheHeaderInThree) {
  make_and_start();
  const DmaSegment all = header(block::kIn, 1);
  const DmaSegment data_and_status = guest_.put(Bytes(513, 0xff));
  queue().add({{all.start, 1}, {all.start + 1, 10}, {all.start + 11, 5}}, {data_and_status});
  device_->kicked(0);
  ASSERT_EQ(disk_.begun.size(), 1U);
  EXPECT_EQ(disk_.begun.front()->offset, 512U);
  EXPECT_EQ(size_of(disk_.begun.front()->pieces), 512U);
  disk_.end_first();
  EXPECT_EQ(guest_.get(data_and_status).back(), block::kOk);
}

TEST_F(BlockDeviceTest, TakesHeaderAndDataInOneDescriptor) {
  make_and_start();
  const DmaSegment head = header(block::kOut, 1);
  guest_.room(512, 1);
  queue().add({{head.start, 16 + 512}}, {status_place()});
  device_->kicked(0);
  ASSERT_EQ(disk_.begun.size(), 1U);
  EXPECT_EQ(disk_.begun.front()->kind, Kind::kWrite);
  EXPECT_EQ(size_of(disk_.begun.front()->pieces), 512U);
  disk_.end_all();
}

TEST_F(BlockDeviceTest, WritesAndFlushes) {
  make_and_start();
  EXPECT_EQ(request(block::kOut, kSectors - 1, {guest_.room(512)}, {}), block::kOk);
  EXPECT_EQ(queue().used.at(head_), 1U);
  EXPECT_EQ(request(block::kFlushRequest, 0, {}, {}), block::kOk);
  EXPECT_EQ(disk_.total, 2U);
}

TEST_F(BlockDeviceTest, TellsItsSerialNumberInTwentyBytes) {
  make_and_start({.serial = "0123456789abcdefghij"});
  const DmaSegment id = guest_.room(20);
  EXPECT_EQ(request(block::kGetId, 0, {}, {id}), block::kOk);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(guest_.get(id).data()), 20), "0123456789abcdefghij");
  EXPECT_EQ(queue().used.at(head_), 21U);
}

TEST_F(BlockDeviceTest, DiscardsAndWritesZeroesWhereTheImageMay) {
  make_and_start({.discard = true});
  EXPECT_TRUE(has(block::kDiscard));
  EXPECT_EQ(configuration<std::uint8_t>(56), 1U);
  EXPECT_EQ(range(block::kDiscardRequest, 8, 16, 0), block::kOk);
  EXPECT_EQ(range(block::kWriteZeroesRequest, 8, 16, 0), block::kOk);
  EXPECT_EQ(range(block::kWriteZeroesRequest, 8, 16, block::kRangeUnmap), block::kOk);
  EXPECT_EQ(disk_.total, 3U);
}

TEST_F(BlockDeviceTest, WithoutFlushOrWithWritebackOffEachWriteIsDurable) {
  make();
  start(block::kFlush | block::kConfigWce);
  queue().add({header(block::kOut, 0), guest_.room(512)}, {status_place()});
  device_->kicked(0);
  EXPECT_TRUE(disk_.begun.front()->durable);
  disk_.end_all();
  start();
  EXPECT_EQ(configuration<std::uint8_t>(32), 1U);
  queue().add({header(block::kOut, 0), guest_.room(512)}, {status_place()});
  device_->kicked(0);
  EXPECT_FALSE(disk_.begun.front()->durable);
  disk_.end_all();
  device_->write_configuration(32, ByteArray<1>{0});
  EXPECT_EQ(configuration<std::uint8_t>(32), 0U);
  queue().add({header(block::kOut, 0), guest_.room(512)}, {status_place()});
  device_->kicked(0);
  EXPECT_TRUE(disk_.begun.front()->durable);
  disk_.end_all();
}

TEST_F(BlockDeviceTest, AWriteThroughCacheStaysOne) {
  make({.write_through = true}, spec::Disk::Flush::kAlways);
  start();
  EXPECT_EQ(configuration<std::uint8_t>(32), 0U);
  device_->write_configuration(32, ByteArray<1>{1});
  EXPECT_EQ(configuration<std::uint8_t>(32), 0U);
}

TEST_F(BlockDeviceTest, ServesQueuesBesideEachOther) {
  make_and_start({.queues = 2});
  const DmaSegment first = status_place();
  const DmaSegment second = status_place();
  queue(0).add({header(block::kIn, 0)}, {guest_.room(512), first});
  queue(1).add({header(block::kIn, 1)}, {guest_.room(512), second});
  device_->kicked(0);
  device_->kicked(1);
  ASSERT_EQ(disk_.begun.size(), 2U);
  std::swap(disk_.begun[0], disk_.begun[1]);
  disk_.end_first();
  EXPECT_EQ(status(second), block::kOk);
  EXPECT_EQ(status(first), 0xff);
  EXPECT_EQ(queue(1).notified, 1);
  EXPECT_EQ(queue(0).notified, 0);
  disk_.end_all();
}

TEST_F(BlockDeviceTest, AfterATurnOthersHaveTheirs) {
  make_and_start();
  for (unsigned i = 0; i < 2 * BlockDevice::kTurn; ++i) {
    queue().add({header(block::kIn, 0)}, {guest_.room(512), status_place()});
  }
  device_->kicked(0);
  EXPECT_EQ(queue().taken, static_cast<int>(BlockDevice::kTurn));
  loop_.run_once();
  EXPECT_EQ(queue().taken, static_cast<int>(2 * BlockDevice::kTurn));
  disk_.end_all();
  EXPECT_EQ(queue().used.size(), 2 * BlockDevice::kTurn);
}

TEST_F(BlockDeviceTest, StopsWhenAllHasEndedAndAnswersNothingMore) {
  make_and_start();
  queue().add({header(block::kIn, 0)}, {guest_.room(512), status_place()});
  device_->kicked(0);
  bool stopped = false;
  device_->stop([&] { stopped = true; });
  EXPECT_FALSE(stopped);
  device_->kicked(0);
  disk_.end_first();
  EXPECT_TRUE(stopped);
  EXPECT_TRUE(queue().used.empty());
  EXPECT_EQ(queue().notified, 0);
}

TEST_F(BlockDeviceTest, CountsWhatItDid) {
  make_and_start();
  request(block::kOut, 0, {guest_.room(1024)}, {});
  request(block::kIn, 0, {}, {guest_.room(512)});
  request(block::kIn, 0, {}, {guest_.room(512)});
  request(block::kFlushRequest, 0, {}, {});
  request(block::kIn, kSectors, {}, {guest_.room(512)});
  const DiskStatistics statistics = device_->statistics();
  EXPECT_EQ(statistics.write.requests, 1U);
  EXPECT_EQ(statistics.write.bytes, 1024U);
  EXPECT_EQ(statistics.read.requests, 2U);
  EXPECT_EQ(statistics.read.bytes, 1024U);
  EXPECT_EQ(statistics.flush.requests, 1U);
  EXPECT_GT(statistics.flush.nanoseconds, 0U);
  EXPECT_EQ(statistics.errors, 1U);
}

}  // namespace
}  // namespace virtsev::vmm::test
