// SPDX-License-Identifier: LGPL-2.1-or-later
// Frames and buffers that no driver should give, and hosts that go.
#include "tests/driver/vmm/devices/network_driver.hpp"

namespace virtsev::vmm::test {
namespace {

class NetworkRefusalsTest : public NetworkDriver {};

TEST_F(NetworkRefusalsTest, AFrameWithoutAHeader) {
  make_and_start();
  queue(1).add({guest_.room(11)}, {});
  queue(1).add({guest_.put(frame(60, 1))}, {});
  device_->kicked(1);
  EXPECT_EQ(transport_.failures.size(), 1U);
  device_->kicked(1);
  EXPECT_EQ(queue(1).taken, 1) << "a device that has failed takes nothing more";
}

TEST_F(NetworkRefusalsTest, FramesThatAreTooShortOrTooLong) {
  make_and_start();
  driver_sends(frame(13, 1));
  driver_sends(frame(kMostFrameBytes + 1, 1));
  EXPECT_TRUE(host_[0].sent.empty());
  EXPECT_EQ(queue(1).used.size(), 2U);
  EXPECT_EQ(device_->statistics().sent.errors, 2U);
  driver_sends(frame(kMostFrameBytes, 1));
  EXPECT_EQ(host_[0].sent.size(), 1U);
  EXPECT_TRUE(transport_.failures.empty());
}

TEST_F(NetworkRefusalsTest, AFrameInMemoryThatIsNotShared) {
  make_and_start();
  queue(1).add({guest_.put(frame(60, 1)), {GuestAddress(0), 8}}, {});
  device_->kicked(1);
  EXPECT_EQ(transport_.failures.size(), 1U);
  EXPECT_TRUE(host_[0].sent.empty());
}

TEST_F(NetworkRefusalsTest, AReceiveBufferThatIsNotShared) {
  make_and_start();
  queue(0).add({}, {{GuestAddress(0), 2048}});
  host_sends(frame(60, 1));
  EXPECT_EQ(transport_.failures.size(), 1U);
}

TEST_F(NetworkRefusalsTest, AReceiveBufferWithoutRoomForAHeader) {
  make_and_start();
  add_buffer(11);
  host_sends(frame(60, 1));
  EXPECT_EQ(transport_.failures.size(), 1U);
  make_and_start();
  queue(0).add({guest_.room(2048)}, {});
  host_sends(frame(60, 1));
  EXPECT_EQ(transport_.failures.size(), 2U);
}

TEST_F(NetworkRefusalsTest, MoreBuffersForOneFrameThanTheQueueHas) {
  make_and_start();
  for (unsigned i = 0; i < 2U * NetworkDevice::kQueueSize; ++i) {
    add_buffer(16);
  }
  host_sends(frame(kMostFrameBytes, 1));
  EXPECT_EQ(queue(0).taken, NetworkDevice::kQueueSize);
  EXPECT_EQ(device_->statistics().received.drops, 1U);
  host_sends(frame(60, 1));
  EXPECT_EQ(device_->statistics().received.packets, 1U) << "those that were taken are used";
}

TEST_F(NetworkRefusalsTest, WhatTheHostSendsIsNoFrame) {
  make_and_start();
  add_buffer(2048);
  host_sends(frame(0, 1));
  host_sends(frame(13, 1));
  EXPECT_TRUE(queue(0).used.empty());
  EXPECT_EQ(device_->statistics().received.errors, 2U);
}

TEST_F(NetworkRefusalsTest, RingsThatAreBroken) {
  for (const std::uint16_t number : {0, 1, 4}) {
    make_and_start(2);
    queue(number).fault = "descriptor 7 refers to itself";
    if (number == 0) {
      host_sends(frame(60, 1));
    } else {
      device_->kicked(number);
    }
    EXPECT_EQ(transport_.failures.back(), "descriptor 7 refers to itself");
    host_[0].incoming.clear();
  }
  EXPECT_EQ(transport_.failures.size(), 3U);
}

TEST_F(NetworkRefusalsTest, CommandsThatAreNotKnown) {
  make_and_start(2);
  EXPECT_EQ(command({0, 0, 1}, 4), net::kAckError) << "the receive mode";
  EXPECT_EQ(command({net::kClassMq, 1, 1, 0}, 4), net::kAckError);
  EXPECT_EQ(command({net::kClassMq, net::kMqPairsSet, 0, 0}, 4), net::kAckError);
  EXPECT_EQ(command({net::kClassMq, net::kMqPairsSet, 3, 0}, 4), net::kAckError);
  EXPECT_EQ(command({net::kClassMq, net::kMqPairsSet, 1}, 4), net::kAckError);
  EXPECT_EQ(command(Bytes(3000, 4), 4), net::kAckError);
  EXPECT_TRUE(transport_.failures.empty());
  queue(4).add({guest_.put(Bytes{4})}, {guest_.room(1)});
  device_->kicked(4);
  EXPECT_EQ(transport_.failures.size(), 1U);
}

TEST_F(NetworkRefusalsTest, ACommandWithoutRoomForItsAnswer) {
  make_and_start(2);
  queue(4).add({guest_.put(Bytes{net::kClassMq, 0, 1, 0})}, {});
  device_->kicked(4);
  EXPECT_EQ(transport_.failures.size(), 1U);
}

TEST_F(NetworkRefusalsTest, AQueueThatTheDriverDidNotEnable) {
  make();
  device_->start(device_->features(), {nullptr, nullptr}, guest_.memory, transport_);
  device_->kicked(1);
  device_->kicked(9);
  host_[0].incoming.push_back(frame(60, 1));
  host_[0].run();
  EXPECT_FALSE(host_[0].frames_wanted) << "the loop does not come for ever";
  EXPECT_TRUE(transport_.failures.empty());
}

TEST_F(NetworkRefusalsTest, AHostThatIsGoneTakesTheLinkDownAndNothingElse) {
  make_and_start();
  host_[0].answer = NetworkPort::Sent::kLater;
  driver_sends(frame(60, 1));
  host_[0].ended = true;
  host_[0].run();
  EXPECT_EQ(status(), 0);
  EXPECT_EQ(transport_.changes, 1);
  EXPECT_EQ(lines_, (std::vector<std::string>{"net0: the link is down: the test ended it"}));
  EXPECT_EQ(queue(1).used.size(), 1U) << "the driver does not wait for ever";
  driver_sends(frame(60, 2));
  EXPECT_EQ(queue(1).used.size(), 2U);
  EXPECT_EQ(device_->statistics().sent.drops, 2U);
  EXPECT_TRUE(transport_.failures.empty());
  device_->set_link(false);
  device_->set_link(true);
  EXPECT_EQ(status(), 0);
}

TEST_F(NetworkRefusalsTest, AHostThatBreaksWhileItIsSentTo) {
  make_and_start();
  host_[0].answer = NetworkPort::Sent::kBroken;
  driver_sends(frame(60, 1));
  EXPECT_EQ(queue(1).used.size(), 1U);
  EXPECT_EQ(status(), 0);
  host_[0].answer = NetworkPort::Sent::kNo;
}

TEST_F(NetworkRefusalsTest, AFrameThatTheHostDoesNotTake) {
  make_and_start();
  host_[0].answer = NetworkPort::Sent::kNo;
  driver_sends(frame(60, 1));
  EXPECT_EQ(device_->statistics().sent.errors, 1U);
  EXPECT_EQ(queue(1).used.size(), 1U);
  EXPECT_EQ(status(), net::kLinkUp);
}

}  // namespace
}  // namespace virtsev::vmm::test
