// SPDX-License-Identifier: LGPL-2.1-or-later
// What libvirt's own daemons send without being asked: events, and the packets of volumes.
#include "tests/driver/daemon/relay/relay_fixture.hpp"

namespace virtsev::daemon::test {
namespace {

constexpr std::int32_t kRegister = 368, kDeregister = 369, kLifecycle = 370;  // Of storage pools
constexpr std::int32_t kUpload = 208, kDownload = 209;
using rpc::MessageStatus;
using rpc::MessageType;

class RelayedEvents : public RelayTest {
 protected:
  /// A daemon whose callbacks have numbers from `first` on.
  static FakeDaemon::Script counting_from(std::int32_t first) {
    return [next = std::make_shared<std::int32_t>(first)](auto& connection, const auto& message) {
      const std::int32_t number = message.header.procedure;
      if (number == kRegister) {
        connection.reply(message.header, words({*next}));
        connection.event(kLifecycle, words({(*next)++, 5}));  // With the reply
      } else if (number == kDeregister) {
        connection.reply(message.header);
      }
      return number == kRegister || number == kDeregister;
    };
  }
};

TEST_F(RelayedEvents, HaveTheClientsNumbersFromTheFirstOneOn) {
  FakeDaemon storage(io_, socket("virtstoraged-sock"), counting_from(40));
  open(client_);
  const Bytes first = call(client_, kRegister, words({0, 0})).payload;
  const Bytes second = call(client_, kRegister, words({1, 0})).payload;
  EXPECT_TRUE(run_until([&] { return client_.events.size() == 2; }));
  EXPECT_EQ(first, words({0}));
  EXPECT_EQ(second, words({1}));
  EXPECT_EQ(client_.events[0].procedure, kLifecycle);
  EXPECT_EQ(client_.events[0].payload, words({0, 5}));
  EXPECT_EQ(client_.events[1].payload, words({1, 5}));
  EXPECT_FALSE(call(client_, kDeregister, words({1})).error);
  EXPECT_EQ(storage.connections[0]->last().payload, words({41})) << "the daemon has its own number";
  storage.connections[0]->event(kLifecycle, words({41, 6}));
  storage.connections[0]->event(kLifecycle, words({40, 7}));
  EXPECT_TRUE(run_until([&] { return client_.events.size() == 3; }));
  EXPECT_EQ(client_.events[2].payload, words({0, 7}));
}

TEST_F(RelayedEvents, GoOnWhenTheDaemonComesBack) {
  auto storage = std::make_unique<FakeDaemon>(io_, socket("virtstoraged-sock"), counting_from(40));
  open(client_);
  call(client_, kRegister, words({0, 0}));
  EXPECT_TRUE(run_until([&] { return client_.events.size() == 1; }));
  storage.reset();
  FakeDaemon again(io_, socket("virtstoraged-sock"), counting_from(90));
  EXPECT_TRUE(run_until([&] { return client_.events.size() == 2; })) << "it is asked again by itself";
  EXPECT_EQ(client_.events[1].payload, words({0, 5}));
  EXPECT_EQ(again.connections.at(0)->last().payload, words({0, 0})) << "as the client had asked";
}

TEST_F(RelayedEvents, OfADaemonThatIsGoneCanBeDeregistered) {
  auto storage = std::make_unique<FakeDaemon>(io_, socket("virtstoraged-sock"), counting_from(40));
  open(client_);
  call(client_, kRegister, words({0, 0}));
  storage.reset();
  run_ready();
  EXPECT_FALSE(call(client_, kDeregister, words({0})).error);
  EXPECT_EQ(call(client_, kDeregister, words({0})).error, kInvalidArgument);
}

TEST_F(RelayedEvents, ThatFailToRegisterHaveNoNumber) {
  FakeDaemon storage(io_, socket("virtstoraged-sock"), [](auto& connection, const auto& message) {
    if (message.header.procedure == kRegister) {
      connection.fail(message.header, 8, 18, "no such event");
      return true;
    }
    return false;
  });
  open(client_);
  EXPECT_EQ(call(client_, kRegister, words({99, 0})).error, kInvalidArgument);
  EXPECT_EQ(call(client_, kDeregister, words({0})).error, kInvalidArgument);
}

TEST_F(RelayedEvents, AreBounded) {
  FakeDaemon storage(io_, socket("virtstoraged-sock"), [](auto& connection, const auto& message) {
    if (message.header.procedure == kRegister) {
      connection.reply(message.header, words({1}));
      return true;
    }
    return false;
  });
  open(client_);
  for (std::size_t i = 0; i < relay::Link::kMostRegistrations; ++i) {
    ASSERT_FALSE(call(client_, kRegister, words({0, 0})).error);
  }
  EXPECT_EQ(call(client_, kRegister, words({0, 0})).error, kResourceBusy);
}

TEST_F(RelayedEvents, OfAClientThatIsGoneAreNotSent) {
  FakeDaemon storage(io_, socket("virtstoraged-sock"), counting_from(40));
  {
    FakeClient client(5, false, ourselves());
    open(client);
    call(client, kRegister, words({0, 0}));
    service_->closed(client);
  }
  storage.connections[0]->event(kLifecycle, words({40, 7}));
  run_ready();
  EXPECT_EQ(relay_->clients(), 0U);
}

class RelayedStreams : public RelayTest {
 protected:
  void SetUp() override {
    storage_.emplace(io_, socket("virtstoraged-sock"), [](auto& connection, const auto& message) {
      const bool call = message.header.type == MessageType::kCall;
      if (call && (message.header.procedure == kUpload || message.header.procedure == kDownload)) {
        connection.reply(message.header);
        return true;
      }
      return message.header.type == MessageType::kStream || message.header.type == MessageType::kStreamHole;
    });
    open(client_);
  }
  FakeDaemon::Connection& daemon() { return *storage_->connections.at(0); }
  FakePacketStream& stream() { return *client_.packet_streams.at(0); }
  void start(std::int32_t procedure) {
    EXPECT_FALSE(call(client_, procedure, words({0})).error);
    call_ = daemon().last().header;
  }

  std::optional<FakeDaemon> storage_;
  rpc::Header call_;
};

TEST_F(RelayedStreams, CarryDataHolesAndTheEndToTheDaemonAndItsVerdictBack) {
  start(kUpload);
  stream().handlers.packet(MessageType::kStream, MessageStatus::kContinue, words({1, 2}));
  stream().handlers.packet(MessageType::kStreamHole, MessageStatus::kContinue, words({0, 4096, 0}));
  stream().handlers.packet(MessageType::kStream, MessageStatus::kOk, {});
  const std::size_t before = daemon().messages.size();
  EXPECT_TRUE(run_until([&] { return daemon().messages.size() == before + 3; }));
  EXPECT_EQ(daemon().messages[before].payload, words({1, 2}));
  EXPECT_EQ(daemon().messages[before].header.serial, call_.serial) << "in the daemon's own count";
  EXPECT_EQ(daemon().messages[before + 1].header.type, MessageType::kStreamHole);
  EXPECT_EQ(daemon().messages[before + 2].header.status, MessageStatus::kOk);
  EXPECT_FALSE(stream().ended) << "the daemon has the last word";
  daemon().stream(call_, MessageType::kStream, MessageStatus::kError,
                  words({38, 18, 0, 2, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_TRUE(run_until([&] { return stream().ended; }));
  EXPECT_EQ(stream().packets.back().status, MessageStatus::kError);
}

TEST_F(RelayedStreams, OfASlowClientAreNotReadFurtherThanOnePacket) {
  start(kDownload);
  stream().reads = false;
  for (std::int32_t i = 0; i < 3; ++i) {
    daemon().stream(call_, MessageType::kStream, MessageStatus::kContinue, words({i}));
  }
  EXPECT_TRUE(run_until([&] { return stream().packets.size() == 1; }));
  run_ready();
  EXPECT_EQ(stream().packets.size(), 1U);
  stream().reads = true;
  stream().unread.front()();
  EXPECT_TRUE(run_until([&] { return stream().packets.size() == 3; }));
  EXPECT_EQ(stream().packets[2].payload, words({2}));
}

TEST_F(RelayedStreams, AbortWithTheDaemon) {
  start(kDownload);
  storage_.reset();
  EXPECT_TRUE(run_until([&] { return stream().ended; }));
  EXPECT_NE(stream().failure.value_or("").find("is lost"), std::string::npos);
}

TEST_F(RelayedStreams, ThatTheDaemonRefusesAreNone) {
  storage_->script = [](auto& connection, const auto& message) {
    if (message.header.procedure == kUpload) {
      connection.fail(message.header, 50, 18, "no storage vol");
      return true;
    }
    return false;
  };
  const RelayOutcome outcome = call(client_, kUpload, words({0}));
  EXPECT_EQ(outcome.message, "no storage vol");
  EXPECT_TRUE(stream().packets.empty());
}

TEST_F(RelayedStreams, OfAClientThatIsGoneHoldUpNothing) {
  start(kDownload);
  stream().reads = false;
  daemon().stream(call_, MessageType::kStream, MessageStatus::kContinue, words({1}));
  EXPECT_TRUE(run_until([&] { return stream().packets.size() == 1; }));
  service_->closed(client_);
  run_ready();
  EXPECT_EQ(relay_->clients(), 0U);
}

}  // namespace
}  // namespace virtsev::daemon::test
