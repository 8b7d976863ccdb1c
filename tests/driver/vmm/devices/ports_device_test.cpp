// SPDX-License-Identifier: LGPL-2.1-or-later
// The virtio console device, as a driver would talk to it (virtio 1.2, section 5.3): port 0 is a console on
// a terminal, port 1 a channel with a socket.
#include "driver/vmm/devices/ports_device.hpp"

#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>

#include "driver/vmm/devices/ports_layout.hpp"
#include "tests/driver/vmm/devices/port_socket.hpp"
#include "tests/driver/vmm/virtio/fake_queue.hpp"

namespace virtsev::vmm::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Message {
  std::uint32_t port;
  std::uint16_t event;
  std::uint16_t value;
  std::string text = {};
  friend bool operator==(const Message&, const Message&) = default;
};

class PortsDeviceTest : public testing::Test {
 protected:
  PortsDeviceTest() {
    std::signal(SIGPIPE, SIG_IGN);
    int slave = -1;
    EXPECT_EQ(::openpty(&master_, &slave, nullptr, nullptr, nullptr), 0);
    own_master_ = UniqueFd(master_);
    terminal_ = UniqueFd(slave);
    termios raw{};
    ::tcgetattr(slave, &raw);
    ::cfmakeraw(&raw);
    ::tcsetattr(slave, TCSANOW, &raw);
    ::fcntl(master_, F_SETFL, O_NONBLOCK);
    ::fcntl(slave, F_SETFL, O_NONBLOCK);
    device_.emplace(
        std::vector<PortsDevice::PortOptions>{{"console0", 0, true, "", {master_, -1}},
                                              {"channel0", 1, false, "org.test", {-1, socket_.listener()}}},
        loop_);
  }

  void start(std::uint64_t features = ports::kMultiport) {
    std::vector<Queue*> all;
    for (FakeQueue& queue : queues_) {
      all.push_back(&queue);
    }
    device_->start(features, all, memory_.shared(), transport_);
  }
  void settle() {
    for (int i = 0; i < 4; ++i) {
      always_.signal();
      loop_.run_once();
    }
  }
  void give_control_buffers(int count) {
    for (int i = 0; i < count; ++i) {
      const GuestAddress at = memory_.allocate(64);
      const std::uint16_t head = queues_[2].offer(ChainBuilder(memory_).writable_at({at, 64}));
      control_[head] = at;
    }
    device_->kicked(2);
  }
  void say(std::uint32_t port, std::uint16_t event, std::uint16_t value) {
    Bytes message(8);
    put_le<std::uint32_t>(message, 0, port);
    put_le<std::uint16_t>(message, 4, event);
    put_le<std::uint16_t>(message, 6, value);
    queues_[3].offer(ChainBuilder(memory_).readable(message));
    device_->kicked(3);
  }
  /// What the device has said since it was last asked.
  std::vector<Message> heard() {
    std::vector<Message> all;
    for (; next_heard_ < queues_[2].order.size(); ++next_heard_) {
      const std::uint16_t head = queues_[2].order[next_heard_];
      const Bytes bytes = memory_.get(control_[head], queues_[2].used[head]);
      all.push_back({get_le<std::uint32_t>(bytes, 0), get_le<std::uint16_t>(bytes, 4),
                     get_le<std::uint16_t>(bytes, 6), std::string(bytes.begin() + 8, bytes.end())});
    }
    return all;
  }
  /// As Linux does it.
  void set_up() {
    start();
    give_control_buffers(16);
    say(0xffffffff, ports::kDeviceReady, 1);
    say(0, ports::kPortReady, 1);
    say(1, ports::kPortReady, 1);
    heard();
  }
  std::uint16_t send(std::size_t queue, std::string_view text) {
    const Bytes bytes(text.begin(), text.end());
    const std::uint16_t head = queues_[queue].offer(ChainBuilder(memory_).readable(bytes));
    device_->kicked(static_cast<std::uint16_t>(queue));
    return head;
  }
  GuestAddress give_buffer(std::size_t queue, std::size_t size) {
    const GuestAddress at = memory_.allocate(size);
    queues_[queue].offer(ChainBuilder(memory_).writable_at({at, size}));
    device_->kicked(static_cast<std::uint16_t>(queue));
    return at;
  }
  std::string text_at(GuestAddress at, std::size_t size) {
    const Bytes bytes = memory_.get(at, size);
    return {bytes.begin(), bytes.end()};
  }

  int master_ = -1;
  UniqueFd own_master_, terminal_;
  PortSocket socket_;
  EventLoop loop_;
  Wakeup always_{loop_, [] {}};
  TestMemory memory_;
  std::array<FakeQueue, 6> queues_;
  FakeTransport transport_;
  std::map<std::uint16_t, GuestAddress> control_;
  std::size_t next_heard_ = 0;
  std::optional<PortsDevice> device_;
};

TEST_F(PortsDeviceTest, HasAPairOfQueuesForEachPortAndOneForControl) {
  EXPECT_EQ(device_->queue_sizes().size(), 6U);
  Bytes most(4);
  device_->read_configuration(ports::kMostPortsAt, most);
  EXPECT_EQ(get_le<std::uint32_t>(most, 0), 2U);
}

TEST_F(PortsDeviceTest, TellsTheDriverOfItsPorts) {
  start();
  give_control_buffers(16);
  EXPECT_TRUE(heard().empty()) << "not before it is asked";
  say(0xffffffff, ports::kDeviceReady, 1);
  EXPECT_THAT(heard(), ElementsAre(Message{0, ports::kDeviceAdd, 1}, Message{1, ports::kDeviceAdd, 1}));
  say(0, ports::kPortReady, 1);
  EXPECT_THAT(heard(), ElementsAre(Message{0, ports::kConsolePort, 1}, Message{0, ports::kPortOpen, 1}));
  say(1, ports::kPortReady, 1);
  EXPECT_THAT(heard(), ElementsAre(Message{1, ports::kPortName, 1, "org.test"}));
  EXPECT_TRUE(transport_.failures.empty());
}

TEST_F(PortsDeviceTest, WhatHasNoBufferIsToldWhenThereIsOne) {
  start();
  give_control_buffers(1);
  say(0, ports::kDeviceReady, 1);
  EXPECT_THAT(heard(), ElementsAre(Message{0, ports::kDeviceAdd, 1}));
  give_control_buffers(1);
  EXPECT_THAT(heard(), ElementsAre(Message{1, ports::kDeviceAdd, 1}));
}

TEST_F(PortsDeviceTest, ADriverThatAsksWithoutEndIsToldOnce) {
  start();
  for (int i = 0; i < 1000; ++i) {
    say(1, ports::kPortReady, 1);
  }
  give_control_buffers(4);
  EXPECT_EQ(heard().size(), 1U);
}

TEST_F(PortsDeviceTest, AClientAndTheGuestHearOfEachOther) {
  set_up();
  const UniqueFd client = socket_.connect();
  settle();
  EXPECT_THAT(heard(), ElementsAre(Message{1, ports::kPortOpen, 1}));
  say(1, ports::kPortOpen, 1);
  EXPECT_THAT(device_->open_ports(), ElementsAre(std::pair<std::string, bool>("console0", false),
                                                 std::pair<std::string, bool>("channel0", true)));
  ASSERT_EQ(::write(client.get(), "ping", 4), 4);
  const GuestAddress at = give_buffer(4, 64);
  settle();
  EXPECT_EQ(text_at(at, 4), "ping");
  EXPECT_EQ(queues_[4].used.at(0), 4U);
  send(5, "pong");
  EXPECT_EQ(received(client), "pong");
}

TEST_F(PortsDeviceTest, ThatAClientHasGoneIsTold) {
  set_up();
  UniqueFd client = socket_.connect();
  settle();
  heard();
  client.reset();
  settle();
  EXPECT_THAT(heard(), ElementsAre(Message{1, ports::kPortOpen, 0}));
}

TEST_F(PortsDeviceTest, WhatComesBeforeTheGuestHasOpenedThePortWaits) {
  set_up();
  const UniqueFd client = socket_.connect();
  ASSERT_EQ(::write(client.get(), "early", 5), 5);
  const GuestAddress at = give_buffer(4, 64);
  settle();
  EXPECT_TRUE(queues_[4].used.empty());
  say(1, ports::kPortOpen, 1);
  EXPECT_EQ(text_at(at, 5), "early");
}

TEST_F(PortsDeviceTest, AClientThatDoesNotReadHoldsUpItsPortAndNoOther) {
  set_up();
  const UniqueFd client = socket_.connect();
  settle();
  say(1, ports::kPortOpen, 1);
  const Bytes much(16384, 'x');
  const GuestAddress at = memory_.put(much);
  std::uint16_t last = 0;
  for (int i = 0; i < 200; ++i) {
    last = queues_[5].offer(ChainBuilder(memory_).readable_at({at, much.size()}));
  }
  device_->kicked(5);
  settle();
  EXPECT_FALSE(queues_[5].used.contains(last)) << "a socket has no room for 3 MiB";
  EXPECT_GT(queues_[5].waiting(), 0U) << "the rest waits with the guest";
  send(1, "beside it");
  char some[32];
  await_input(terminal_.get());
  EXPECT_EQ(::read(terminal_.get(), some, sizeof some), 9);
  std::size_t got = 0;
  for (int i = 0; i < 4000 && !queues_[5].used.contains(last); ++i) {
    got += received(client).size();
    settle();
  }
  for (std::string piece = received(client); !piece.empty(); piece = received(client)) {
    got += piece.size();
  }
  EXPECT_EQ(got, 200 * much.size()) << "all of it comes, once";
}

TEST_F(PortsDeviceTest, AConsoleWhoseTerminalNobodyReadsNeverHoldsUpTheGuest) {
  set_up();
  const Bytes much(16384, 'x');
  const GuestAddress at = memory_.put(much);
  std::uint16_t last = 0;
  for (int i = 0; i < 200; ++i) {
    last = queues_[1].offer(ChainBuilder(memory_).readable_at({at, much.size()}));
  }
  device_->kicked(1);
  for (int i = 0; i < 20 && !queues_[1].used.contains(last); ++i) {
    settle();
  }
  EXPECT_TRUE(queues_[1].used.contains(last));
}

TEST_F(PortsDeviceTest, WithoutAClientWhatIsSentIsDropped) {
  set_up();
  const std::uint16_t head = send(5, "to nobody");
  EXPECT_TRUE(queues_[5].used.contains(head));
}

TEST_F(PortsDeviceTest, ADriverWithoutPortsHasTheFirstOne) {  // 5.3.5
  start(0);
  send(1, "plain");
  char some[32];
  await_input(terminal_.get());
  EXPECT_EQ(::read(terminal_.get(), some, sizeof some), 5);
  ASSERT_EQ(::write(terminal_.get(), "in", 2), 2);
  await_input(master_);
  const GuestAddress at = give_buffer(0, 16);
  settle();
  EXPECT_EQ(text_at(at, 2), "in");
}

TEST_F(PortsDeviceTest, AResetEndsTheClientsConnectionAndANewOneStartsAgain) {
  set_up();
  const UniqueFd client = socket_.connect();
  settle();
  say(1, ports::kPortOpen, 1);
  bool stopped = false;
  device_->stop([&] { stopped = true; });
  EXPECT_TRUE(stopped);
  EXPECT_FALSE(device_->open_ports()[1].second);
  char byte = 0;
  EXPECT_EQ(::recv(client.get(), &byte, 1, MSG_DONTWAIT), 0) << "the end";
  set_up();
  const UniqueFd again = socket_.connect();
  settle();
  EXPECT_THAT(heard(), ElementsAre(Message{1, ports::kPortOpen, 1}));
}

TEST_F(PortsDeviceTest, AMessageThatIsTooShortIsRefused) {
  start();
  queues_[3].offer(ChainBuilder(memory_).readable(Bytes(7)));
  device_->kicked(3);
  EXPECT_THAT(transport_.failures, ElementsAre(HasSubstr("5.3.6.2")));
}

TEST_F(PortsDeviceTest, AMessageAboutAPortThatThereIsNotIsRefused) {
  start();
  say(2, ports::kPortOpen, 1);
  EXPECT_THAT(transport_.failures, ElementsAre(HasSubstr("port 2")));
}

TEST_F(PortsDeviceTest, AControlBufferWithoutRoomIsRefused) {
  start();
  queues_[2].offer(ChainBuilder(memory_).writable(4));
  say(0, ports::kDeviceReady, 1);
  EXPECT_THAT(transport_.failures, ElementsAre(HasSubstr("does not fit")));
}

TEST_F(PortsDeviceTest, ABufferForReadingInAReceiveQueueIsRefused) {
  set_up();
  const UniqueFd client = socket_.connect();
  settle();
  say(1, ports::kPortOpen, 1);
  queues_[4].offer(ChainBuilder(memory_).readable(Bytes(8)));
  device_->kicked(4);
  EXPECT_THAT(transport_.failures, ElementsAre(HasSubstr("receive queue of port 1")));
}

TEST_F(PortsDeviceTest, ABufferForWritingInATransmitQueueIsRefused) {
  set_up();
  queues_[5].offer(ChainBuilder(memory_).writable(8));
  device_->kicked(5);
  EXPECT_THAT(transport_.failures, ElementsAre(HasSubstr("transmit queue of port 1")));
}

TEST_F(PortsDeviceTest, ABufferOutsideSharedMemoryIsRefused) {
  set_up();
  queues_[5].offer(ChainBuilder(memory_).readable_at({GuestAddress(1ULL << 40), 8}));
  device_->kicked(5);
  EXPECT_EQ(transport_.failures.size(), 1U);
}

}  // namespace
}  // namespace virtsev::vmm::test
