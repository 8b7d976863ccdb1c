// SPDX-License-Identifier: LGPL-2.1-or-later
// While a client is not read, because it takes too little or asks too much: it is read again once there is
// room, and its end is seen.
#include "tests/driver/rpc/server_fixture.hpp"

namespace virtsev::rpc::test {
namespace {

using std::chrono::milliseconds;

class Pauses : public ServerTest {
 protected:
  void SetUp() override {
    limits_.output_pause = 1000;
    limits_.max_queued_events = 10U << 20;
    start(limits_);
  }
  static Header ping() {
    Header header;
    header.program = kKeepaliveProgram;
    header.procedure = kKeepalivePing;
    header.type = MessageType::kMessage;
    return header;
  }
  /// Pings until the server reads no more; gives how many it sent.
  static std::size_t ping_until_paused(RawClient& client) {
    constexpr std::size_t kTooMany = 1000000;
    std::size_t sent = 0;
    while (sent < kTooMany && client.send(ping())) {
      ++sent;
    }
    EXPECT_LT(sent, kTooMany);
    return sent;
  }
  /// A stream whose guest end is `guest_`.
  void open_stream(RawClient& client, std::uint32_t serial) {
    client.call(kOpen, 0);
    ASSERT_TRUE(client.receive());
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
    service_.next_descriptor.reset(ends[0]);
    guest_.reset(ends[1]);
    client.call(kOpenStream, serial);
    ASSERT_TRUE(client.receive());
  }
  bool run_until_nobody_is_left() {
    return run_until([this] { return server_->clients() == 0; });
  }

  ServerLimits limits_;
  UniqueFd guest_;
};

TEST_F(Pauses, AClientThatReadsItsPongsLateIsReadAgain) {
  RawClient client = connect();
  const std::size_t sent = ping_until_paused(client);
  for (std::size_t i = 0; i < sent; ++i) {
    ASSERT_TRUE(client.receive()) << i << " of " << sent;
  }
  expect_echo(client);
}

TEST_F(Pauses, AClientThatClosesAfterItsPongsIsForgotten) {
  RawClient client = connect(true);
  const std::size_t sent = ping_until_paused(client);
  for (std::size_t i = 0; i < sent; ++i) {
    ASSERT_TRUE(client.receive());
  }
  client.close();
  EXPECT_TRUE(run_until_nobody_is_left());
}

TEST_F(Pauses, AClientThatClosesWithItsPongsUnreadIsForgotten) {
  RawClient client = connect(true);
  ping_until_paused(client);
  client.close();
  EXPECT_TRUE(run_until_nobody_is_left());
}

TEST_F(Pauses, EventsThatAreReadLateLetTheClientBeReadAgain) {
  RawClient client = connect();
  expect_echo(client);
  Client* const seen = service_.clients.begin()->second;
  constexpr int kEvents = 500;
  const Bytes payload(1000);
  const auto send_events = [&] {
    for (int i = 0; i < kEvents; ++i) {
      seen->send_event(318, payload);
    }
  };
  // The reply lies between events: when it has gone, there is no room yet.
  send_events();
  client.call(kEcho, 1, encoded("between"));
  ASSERT_TRUE(run_until([this] { return service_.entered == 2; }));
  send_events();
  client.call(kEcho, 2, encoded("after"));
  for (int i = 0; i < 2 * kEvents + 1; ++i) {
    ASSERT_TRUE(client.receive()) << i;
  }
  const auto reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->header.serial, 2U);
}

TEST_F(Pauses, StreamPacketsThatAreReadLateLetTheClientBeReadAgain) {
  RawClient client = connect();
  open_stream(client, 1);
  const std::string chunk(65536, 'o');
  std::size_t printed = 0;
  for (int refused = 0; refused < 100;) {
    const ssize_t count = ::write(guest_.get(), chunk.data(), chunk.size());
    printed += count > 0 ? static_cast<std::size_t>(count) : 0;
    refused = count > 0 ? 0 : refused + 1;
    io_.restart();
    io_.poll();
  }
  client.send(ping());
  client.call(kEcho, 2, encoded("after"));
  std::size_t received = 0;
  bool answered = false;
  while (received < printed || !answered) {
    const auto packet = client.receive();
    ASSERT_TRUE(packet) << received << " of " << printed << " bytes came";
    received += packet->header.type == MessageType::kStream ? packet->payload.size() : 0;
    answered = answered || packet->header.type == MessageType::kReply;
  }
}

TEST_F(Pauses, TheEndIsSeenWhileAStreamIsFull) {
  limits_.stream_pause = 1000;
  limits_.stream_stall = std::chrono::hours(1);
  start(limits_);
  RawClient client = connect();
  open_stream(client, 1);
  client.stream(kOpenStream, 1, MessageStatus::kContinue, Bytes(1 << 20, 'x'));
  ASSERT_TRUE(client.is_silent());
  client.close();
  EXPECT_TRUE(run_until_nobody_is_left());
  EXPECT_EQ(service_.streams_ended, 1U);
}

TEST_F(Pauses, CallsThatWaitBehindOthersEndWithTheirClient) {
  RawClient client = connect();
  for (std::uint32_t serial = 0; serial < 8; ++serial) {
    client.call(kWait, serial);
  }
  ASSERT_TRUE(run_until([this] { return service_.entered == 5; }));
  client.close();
  client.is_silent();
  service_.release();
  EXPECT_TRUE(run_until_nobody_is_left());
  EXPECT_EQ(service_.entered, 5U);
}

TEST_F(Pauses, UrgentDataIsNoEndAndKeepsNobodyBusy) {
  RawClient client = connect();
  for (std::uint32_t serial = 0; serial < 5; ++serial) {
    client.call(kWait, serial);
  }
  ASSERT_TRUE(run_until([this] { return service_.entered == 5; }));
  if (::send(client.socket(), "!", 1, MSG_OOB | MSG_NOSIGNAL) != 1) {
    GTEST_SKIP() << "this kernel has no urgent data on UNIX sockets";
  }
  std::size_t turns = 0;
  io_.restart();
  while (turns < 1000 && io_.poll_one() > 0) {
    ++turns;
  }
  EXPECT_LT(turns, 1000U);
  EXPECT_EQ(server_->clients(), 1U);
  service_.release();
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(client.receive());
  }
}

TEST_F(Pauses, AClientThatTakesNothingIsDroppedByItsKeepalive) {
  limits_.keepalive_interval = milliseconds(10);
  limits_.keepalive_count = 2;
  start(limits_);
  RawClient client = connect();
  client.call(kStartKeepalive, 0);
  ASSERT_TRUE(client.receive());
  ping_until_paused(client);
  EXPECT_TRUE(run_until_nobody_is_left());
}

}  // namespace
}  // namespace virtsev::rpc::test
