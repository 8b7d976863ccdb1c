// SPDX-License-Identifier: LGPL-2.1-or-later
// Is the peer still there?
#include "driver/rpc/keepalive.hpp"
#include "tests/driver/rpc/server_fixture.hpp"

namespace virtsev::rpc::test {
namespace {

using std::chrono::milliseconds;
using Verdict = Keepalive::Verdict;

constexpr milliseconds kInterval{1000};

TEST(Keepalive, ASilentPeerIsDeadAfterCountAndOneIntervals) {
  const Keepalive::Clock::time_point start{};
  Keepalive keepalive(kInterval, 5, start);
  EXPECT_EQ(keepalive.check(start + milliseconds(999)), Verdict::kAlive);
  for (int i = 1; i <= 5; ++i) {
    EXPECT_EQ(keepalive.due(), start + i * kInterval);
    EXPECT_EQ(keepalive.check(keepalive.due()), Verdict::kPing);
  }
  EXPECT_EQ(keepalive.due(), start + 6 * kInterval);
  EXPECT_EQ(keepalive.check(keepalive.due()), Verdict::kDead);
}

TEST(Keepalive, AnyPacketBeginsTheCountAnew) {
  const Keepalive::Clock::time_point start{};
  Keepalive keepalive(kInterval, 1, start);
  EXPECT_EQ(keepalive.check(keepalive.due()), Verdict::kPing);
  keepalive.heard(start + milliseconds(1900));
  EXPECT_EQ(keepalive.check(start + milliseconds(2000)), Verdict::kAlive);
  EXPECT_EQ(keepalive.check(keepalive.due()), Verdict::kPing);
  EXPECT_EQ(keepalive.check(keepalive.due()), Verdict::kDead);
}

class ServerKeepalive : public ServerTest {
 protected:
  void SetUp() override {
    ServerLimits limits;
    limits.keepalive_interval = milliseconds(10);
    limits.keepalive_count = 2;
    start(limits);
  }
  static Header packet(std::int32_t procedure) {
    Header header;
    header.program = kKeepaliveProgram;
    header.procedure = procedure;
    header.type = MessageType::kMessage;
    return header;
  }
};

TEST_F(ServerKeepalive, APingIsAnsweredBeforeAnythingIsOpened) {
  RawClient client = connect();
  client.send(packet(kKeepalivePing));
  const auto pong = client.receive();
  ASSERT_TRUE(pong);
  EXPECT_EQ(pong->header.program, kKeepaliveProgram);
  EXPECT_EQ(pong->header.procedure, kKeepalivePong);
  EXPECT_EQ(pong->header.type, MessageType::kMessage);
  EXPECT_EQ(pong->header.serial, 0U);
  EXPECT_TRUE(pong->payload.empty());
}

TEST_F(ServerKeepalive, AClientThatDidNotAskIsNeverPinged) {
  RawClient quiet = connect();
  RawClient pinged = connect();
  pinged.call(kStartKeepalive, 0);
  ASSERT_TRUE(pinged.receive());
  for (int i = 0; i < 5; ++i) {  // five intervals pass
    const auto ping = pinged.receive();
    ASSERT_TRUE(ping);
    pinged.send(packet(kKeepalivePong));
  }
  EXPECT_TRUE(quiet.is_silent());
  expect_echo(quiet);
}

TEST_F(ServerTest, WithAnIntervalOfZeroNobodyIsPinged) {
  ServerLimits limits;
  limits.keepalive_interval = milliseconds(0);
  start(limits);
  RawClient client = connect();
  client.call(kStartKeepalive, 0);
  ASSERT_TRUE(client.receive());
  EXPECT_TRUE(client.is_silent());
  expect_echo(client);
}

TEST_F(ServerKeepalive, AClientThatDoesNotAnswerIsDropped) {
  RawClient client = connect();
  client.call(kStartKeepalive, 0);
  ASSERT_TRUE(client.receive());
  for (int i = 0; i < 2; ++i) {
    const auto ping = client.receive();
    ASSERT_TRUE(ping);
    EXPECT_EQ(ping->header.procedure, kKeepalivePing);
  }
  EXPECT_TRUE(client.at_end());
}

TEST_F(ServerKeepalive, AClientWhoseCallsFillTheServerIsNotBlamedForSilence) {
  RawClient client = connect();
  client.call(kStartKeepalive, 0);
  ASSERT_TRUE(client.receive());
  for (std::uint32_t serial = 1; serial <= 5; ++serial) {
    client.call(kWait, serial);
  }
  ASSERT_TRUE(run_until([this] { return service_.entered == 6; }));
  // The server reads nothing now. A peer of its own shows that many intervals have gone by.
  RawClient clock = connect();
  clock.call(kStartKeepalive, 0);
  ASSERT_TRUE(clock.receive());
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(clock.receive());
    clock.send(packet(kKeepalivePong));
  }
  service_.release();
  std::size_t replies = 0;
  while (replies < 5) {
    const auto received = client.receive();
    ASSERT_TRUE(received) << "dropped after " << replies << " replies";
    replies += received->header.program == kRemoteProgram ? 1 : 0;
  }
}

}  // namespace
}  // namespace virtsev::rpc::test
