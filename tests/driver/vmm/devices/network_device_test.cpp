// SPDX-License-Identifier: LGPL-2.1-or-later
// A network device as a driver that keeps to the specification sees it.
#include "tests/driver/vmm/devices/network_driver.hpp"

namespace virtsev::vmm::test {
namespace {

class NetworkDeviceTest : public NetworkDriver {};

TEST_F(NetworkDeviceTest, SaysWhatItIs) {
  make(1, {{2, 0, 0, 1, 2, 3}, 1400, true});
  EXPECT_EQ(device_->type(), 1U);
  EXPECT_EQ(device_->queue_sizes().size(), 2U);
  ByteArray<12> configuration{};
  device_->read_configuration(0, configuration);
  EXPECT_EQ(configuration, (ByteArray<12>{2, 0, 0, 1, 2, 3, 1, 0, 1, 0, 0x78, 5}));
  EXPECT_TRUE(has(net::kMtu | net::kMac | net::kStatus | net::kMrgRxbuf));
  EXPECT_FALSE(has(net::kCtrlVq));
}

TEST_F(NetworkDeviceTest, OffersWhatItsHostCanDo) {
  make();
  EXPECT_TRUE(has(net::kCsum | net::kGuestCsum | net::kHostTso4 | net::kHostTso6 | net::kGuestTso4));
  EXPECT_FALSE(has(net::kMtu));
  host_[0].has_offloads = false;
  make();
  EXPECT_EQ(device_->features(), net::kMac | net::kStatus | net::kMrgRxbuf);
}

TEST_F(NetworkDeviceTest, TellsTheHostWhatTheDriverTook) {
  make();
  start(net::kGuestTso6);
  EXPECT_TRUE(host_[0].offloads.checksum);
  EXPECT_TRUE(host_[0].offloads.tso4);
  EXPECT_FALSE(host_[0].offloads.tso6);
}

TEST_F(NetworkDeviceTest, GivesAFrameToTheDriver) {
  make_and_start();
  const std::uint16_t head = add_buffer(2048);
  host_sends(frame(60, 7, 2));
  Bytes expected = frame(60, 7, 2);
  expected[net::kNumBuffersAt] = 1;
  EXPECT_EQ(queue(0).used.at(head), expected.size());
  EXPECT_EQ(guest_.get({buffers_[0].start, expected.size()}), expected);
  EXPECT_EQ(queue(0).notified, 1);
  EXPECT_EQ(device_->statistics().received.packets, 1U);
  EXPECT_EQ(device_->statistics().received.bytes, 60U);
}

TEST_F(NetworkDeviceTest, SpreadsALargeFrameOverBuffers) {
  make_and_start();
  for (int i = 0; i < 4; ++i) {
    add_buffer(1000);
  }
  host_sends(frame(2500, 7));
  EXPECT_EQ(queue(0).used, (std::map<std::uint16_t, std::uint32_t>{{0, 1000}, {1, 1000}, {2, 512}}));
  EXPECT_EQ(guest_.get(buffers_[0])[net::kNumBuffersAt], 3);
  EXPECT_EQ(guest_.get(buffers_[1]), Bytes(1000, 7));
  host_sends(frame(60, 8));
  EXPECT_EQ(queue(0).used.at(3), 72U);
}

TEST_F(NetworkDeviceTest, LooksAtTheHostOnlyWhileTheDriverHasRoom) {
  make_and_start();
  host_sends(frame(60, 1));
  EXPECT_FALSE(host_[0].frames_wanted);
  add_buffer(40);
  device_->kicked(0);
  EXPECT_FALSE(host_[0].frames_wanted) << "it has room for a part of it";
  EXPECT_TRUE(queue(0).used.empty());
  add_buffer(2048);
  device_->kicked(0);
  EXPECT_TRUE(host_[0].frames_wanted);
  EXPECT_EQ(queue(0).used.size(), 2U);
  EXPECT_EQ(device_->statistics().received.drops, 0U);
}

// passt sends its acknowledgements a hundred at a time, and a stream's port reads them all at once.
TEST_F(NetworkDeviceTest, GivesTheDriverWhatAPortHasReadAheadWithoutBeingToldOfIt) {
  make_and_start();
  constexpr int kFrames = 200;
  for (int i = 0; i < kFrames; ++i) {
    add_buffer(100);
    host_[0].incoming.push_back(frame(60, 1));
  }
  host_[0].events.readable();
  while (queue(0).used.size() < kFrames) {
    const std::size_t before = queue(0).used.size();
    loop_.run_once();
    ASSERT_GT(queue(0).used.size(), before);
  }
  EXPECT_EQ(device_->statistics().received.packets, kFrames);
}

TEST_F(NetworkDeviceTest, WithoutMergedBuffersTakesOneForEachFrame) {
  make();
  start(net::kMrgRxbuf);
  add_buffer(1000);
  add_buffer(1000);
  host_sends(frame(1500, 1));
  EXPECT_EQ(device_->statistics().received.drops, 1U);
  EXPECT_TRUE(queue(0).used.empty());
  host_sends(frame(900, 2));
  EXPECT_EQ(queue(0).used.at(0), 912U);
  EXPECT_EQ(guest_.get(buffers_[0])[net::kNumBuffersAt], 1);
}

TEST_F(NetworkDeviceTest, GivesNoFlagsToADriverThatTookNone) {
  make();
  start(net::kGuestCsum | net::kGuestTso4 | net::kGuestTso6);
  add_buffer(2048);
  host_sends(frame(60, 7, 2));
  EXPECT_EQ(guest_.get(buffers_[0])[net::kFlagsAt], 0);
}

TEST_F(NetworkDeviceTest, SendsTheDriversFrames) {
  make_and_start();
  driver_sends(frame(60, 9, 1));
  ASSERT_EQ(host_[0].sent.size(), 1U);
  EXPECT_EQ(host_[0].sent[0], frame(60, 9, 1));
  EXPECT_EQ(queue(1).used.at(0), 0U);
  EXPECT_EQ(queue(1).notified, 1);
  EXPECT_EQ(device_->statistics().sent.packets, 1U);
  EXPECT_EQ(device_->statistics().sent.bytes, 60U);
}

TEST_F(NetworkDeviceTest, KeepsFramesInTheQueueWhileTheHostHasNoRoom) {
  make_and_start();
  host_[0].answer = NetworkPort::Sent::kLater;
  driver_sends(frame(60, 1));
  driver_sends(frame(60, 2));
  EXPECT_TRUE(host_[0].room_wanted);
  EXPECT_TRUE(queue(1).used.empty());
  host_[0].answer = NetworkPort::Sent::kYes;
  host_[0].events.writable();
  EXPECT_FALSE(host_[0].room_wanted);
  EXPECT_EQ(queue(1).order, (std::vector<std::uint16_t>{0, 1}));
  EXPECT_EQ(host_[0].sent.size(), 2U);
}

TEST_F(NetworkDeviceTest, AfterATurnOthersHaveTheirs) {
  make_and_start();
  const DmaSegment one = guest_.put(frame(60, 1));
  for (unsigned i = 0; i < NetworkDevice::kTurn + 1; ++i) {
    queue(1).add({one}, {});
  }
  device_->kicked(1);
  EXPECT_EQ(queue(1).taken, static_cast<int>(NetworkDevice::kTurn));
  loop_.run_once();
  EXPECT_EQ(queue(1).taken, static_cast<int>(NetworkDevice::kTurn + 1));
}

TEST_F(NetworkDeviceTest, DropsFramesBothWaysWhileTheLinkIsDown) {
  make_and_start();
  EXPECT_EQ(status(), net::kLinkUp);
  device_->set_link(false);
  device_->set_link(false);
  EXPECT_EQ(status(), 0);
  EXPECT_EQ(transport_.changes, 1);
  add_buffer(2048);
  host_sends(frame(60, 1));
  driver_sends(frame(60, 1));
  EXPECT_TRUE(queue(0).used.empty());
  EXPECT_EQ(queue(1).used.size(), 1U);
  EXPECT_TRUE(host_[0].sent.empty());
  EXPECT_EQ(device_->statistics().received.drops, 1U);
  EXPECT_EQ(device_->statistics().sent.drops, 1U);
  device_->set_link(true);
  EXPECT_EQ(transport_.changes, 2);
  host_sends(frame(60, 2));
  EXPECT_EQ(queue(0).used.size(), 1U);
}

TEST_F(NetworkDeviceTest, UsesAsManyQueuesAsTheDriverSays) {
  make_and_start(3);
  EXPECT_EQ(device_->queue_sizes().size(), 7U);
  EXPECT_TRUE(has(net::kCtrlVq | net::kMq));
  EXPECT_TRUE(host_[0].attached && host_[0].is_open);
  EXPECT_FALSE(host_[1].attached || host_[1].is_open);
  EXPECT_EQ(command({net::kClassMq, net::kMqPairsSet, 2, 0}, 6), net::kAckOk);
  EXPECT_TRUE(host_[1].attached && host_[1].is_open);
  EXPECT_FALSE(host_[2].attached);
  add_buffer(2048, 1);
  host_sends(frame(60, 1), 1);
  EXPECT_EQ(queue(2).used.size(), 1U);
  driver_sends(frame(60, 2), 1);
  EXPECT_EQ(host_[1].sent.size(), 1U);
  EXPECT_EQ(command({net::kClassMq, net::kMqPairsSet, 1, 0}, 6), net::kAckOk);
  EXPECT_FALSE(host_[1].attached || host_[1].is_open);
}

TEST_F(NetworkDeviceTest, WithoutMqTheControlQueueIsTheThird) {
  make(2);
  start(net::kMq);
  EXPECT_EQ(command({net::kClassMq, net::kMqPairsSet, 1, 0}, 2), net::kAckError);
  EXPECT_TRUE(transport_.failures.empty());
}

TEST_F(NetworkDeviceTest, StopsAtOnceAndStartsAgain) {
  make_and_start();
  add_buffer(40);
  host_sends(frame(60, 1));
  bool stopped = false;
  device_->stop([&] { stopped = true; });
  EXPECT_TRUE(stopped);
  EXPECT_FALSE(host_[0].is_open);
  device_->kicked(0);
  device_->set_link(false);
  EXPECT_EQ(transport_.changes, 0);
  device_->set_link(true);
  start();
  add_buffer(2048);
  host_sends(frame(60, 2));
  EXPECT_EQ(queue(0).used.size(), 1U);
}

}  // namespace
}  // namespace virtsev::vmm::test
