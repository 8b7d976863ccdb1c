// SPDX-License-Identifier: LGPL-2.1-or-later
// Streams tied to a descriptor.
#include <fcntl.h>
#include <pty.h>
#include <termios.h>

#include "tests/driver/rpc/server_fixture.hpp"

namespace virtsev::rpc::test {
namespace {

class Streams : public ServerTest {
 protected:
  /// A stream over one end of a socket pair; the other is the guest's.
  RawClient open(std::uint32_t serial = 1) {
    RawClient client = connect();
    client.call(kOpen, 0);
    EXPECT_TRUE(client.receive());
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
    service_.next_descriptor.reset(ends[0]);
    guest_.reset(ends[1]);
    client.call(kOpenStream, serial);
    const auto reply = client.receive();
    EXPECT_TRUE(reply && reply->header.type == MessageType::kReply &&
                reply->header.status == MessageStatus::kOk);
    return client;
  }
  void guest_prints(const std::string& text) {
    EXPECT_EQ(::write(guest_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  /// Runs until the guest has read as much as `text`, and compares.
  void expect_guest_reads(const std::string& text) {
    std::string seen;
    run_until([&] {
      std::array<char, 65536> buffer;
      const ssize_t count = ::read(guest_.get(), buffer.data(), buffer.size());
      if (count > 0) {
        seen.append(buffer.data(), static_cast<std::size_t>(count));
      }
      return seen.size() >= text.size();
    });
    EXPECT_TRUE(seen == text) << seen.size() << " bytes came";
  }
  static std::string text_of(const Received& packet) {
    return {packet.payload.begin(), packet.payload.end()};
  }

  UniqueFd guest_;
};

TEST_F(Streams, CarryDataBothWaysInTheCallsName) {
  RawClient client = open(5);
  guest_prints("login: ");
  const auto packet = client.receive();
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->header.type, MessageType::kStream);
  EXPECT_EQ(packet->header.status, MessageStatus::kContinue);
  EXPECT_EQ(packet->header.procedure, kOpenStream);
  EXPECT_EQ(packet->header.serial, 5U);
  EXPECT_EQ(text_of(*packet), "login: ");
  client.stream(kOpenStream, 5, MessageStatus::kContinue, bytes_of("ro"));
  client.stream(kOpenStream, 5, MessageStatus::kContinue, bytes_of("ot\n"));
  expect_guest_reads("root\n");
}

TEST_F(Streams, NothingIsSentBeforeTheReply) {
  RawClient client = connect();
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
  service_.next_descriptor.reset(ends[0]);
  guest_.reset(ends[1]);
  guest_prints("early");
  client.call(kOpenStream, 1);
  const auto first = client.receive();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->header.type, MessageType::kReply);
  const auto second = client.receive();
  ASSERT_TRUE(second);
  EXPECT_EQ(text_of(*second), "early");
}

TEST_F(Streams, TheEndOfTheFileIsAnEmptyPacketAndTheClientFinishes) {
  RawClient client = open();
  guest_prints("bye");
  guest_.reset();
  const auto data = client.receive();
  ASSERT_TRUE(data);
  EXPECT_EQ(text_of(*data), "bye");
  const auto end = client.receive();
  ASSERT_TRUE(end);
  EXPECT_EQ(end->header.status, MessageStatus::kContinue);
  EXPECT_TRUE(end->payload.empty());
  EXPECT_EQ(service_.streams_ended, 1U);
  client.stream(kOpenStream, 1, MessageStatus::kOk);
  const auto finished = client.receive();
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->header.type, MessageType::kStream);
  EXPECT_EQ(finished->header.status, MessageStatus::kOk);
  EXPECT_EQ(service_.streams_ended, 1U);
}

TEST_F(Streams, AGoneGuestOnAPtyIsTheEndOfTheFile) {
  RawClient client = connect();
  int guest = -1, host = -1;
  ASSERT_EQ(::openpty(&guest, &host, nullptr, nullptr, nullptr), 0);
  ASSERT_EQ(::fcntl(host, F_SETFL, O_NONBLOCK), 0);
  guest_.reset(guest);
  service_.next_descriptor.reset(host);
  client.call(kOpenStream, 1);
  ASSERT_TRUE(client.receive());
  guest_.reset();
  const auto end = client.receive();
  ASSERT_TRUE(end);
  EXPECT_EQ(end->header.status, MessageStatus::kContinue);
  EXPECT_TRUE(end->payload.empty());
}

TEST_F(Streams, FinishComesAfterAllThatWasWritten) {
  RawClient client = open();
  const std::string much(1 << 20, 'x');  // more than the descriptor takes at once
  client.stream(kOpenStream, 1, MessageStatus::kContinue, bytes_of(much));
  client.stream(kOpenStream, 1, MessageStatus::kOk);
  expect_guest_reads(much);
  const auto finished = client.receive();
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->header.status, MessageStatus::kOk);
  EXPECT_EQ(service_.streams_ended, 1U);
}

TEST_F(Streams, AbortIsAnsweredWithOkAndClosesTheDescriptor) {
  RawClient client = open();
  client.stream(kOpenStream, 1, MessageStatus::kError);
  const auto answer = client.receive();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->header.status, MessageStatus::kOk);
  EXPECT_EQ(service_.streams_ended, 1U);
  char byte = 0;
  EXPECT_EQ(::read(guest_.get(), &byte, 1), 0);
}

TEST_F(Streams, PacketsAfterTheEndAreDropped) {
  RawClient client = open();
  client.stream(kOpenStream, 1, MessageStatus::kError);
  ASSERT_TRUE(client.receive());
  client.stream(kOpenStream, 1, MessageStatus::kContinue, bytes_of("late"));
  client.stream(kOpenStream, 1, MessageStatus::kOk);
  expect_echo(client);
}

TEST_F(Streams, TheServiceCanEndOneAndSayWhy) {
  RawClient client = open();
  const auto stream = service_.stream.lock();
  ASSERT_TRUE(stream);
  stream->fail(Error(ErrorCode::kOperationAborted, "taken over"));
  const auto packet = client.receive();
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->header.type, MessageType::kStream);
  EXPECT_EQ(packet->error().code, 78);
  EXPECT_EQ(packet->error().message, "taken over");
  EXPECT_EQ(service_.streams_ended, 1U);
  stream->fail(Error(ErrorCode::kOperationAborted, "again"));
  expect_echo(client);
}

TEST_F(Streams, TheEndOfTheConnectionClosesTheDescriptor) {
  RawClient client = open();
  client.close();
  EXPECT_TRUE(run_until([this] { return service_.closed_ids.size() == 1; }));
  EXPECT_EQ(service_.streams_ended, 1U);
  char byte = 0;
  EXPECT_EQ(::read(guest_.get(), &byte, 1), 0);
}

TEST_F(Streams, ACallThatFailsAfterAllLeavesNoStream) {
  RawClient client = connect();
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  service_.next_descriptor.reset(ends[0]);
  guest_.reset(ends[1]);
  client.call(kDrop, 1);
  const auto reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->error().code, 9);
  EXPECT_EQ(service_.streams_ended, 1U);
  char byte = 0;
  EXPECT_EQ(::read(guest_.get(), &byte, 1), 0);
}

TEST_F(Streams, ABadDescriptorIsAnErrorReply) {
  RawClient client = connect();
  service_.next_descriptor.reset();
  client.call(kOpenStream, 1);
  const auto reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->error().code, 38);
  EXPECT_EQ(service_.streams_ended, 0U);
}

TEST_F(Streams, AHoleEndsTheConnection) {
  RawClient client = open();
  Header header;
  header.procedure = kOpenStream;
  header.serial = 1;
  header.type = MessageType::kStreamHole;
  header.status = MessageStatus::kContinue;
  client.send(header, Bytes(12));
  EXPECT_TRUE(client.at_end());
}

TEST_F(Streams, AnUnknownStatusEndsTheStreamAlone) {
  RawClient client = open();
  client.stream(kOpenStream, 1, static_cast<MessageStatus>(9));
  const auto packet = client.receive();
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->error().code, 39);
  expect_echo(client);
}

TEST_F(Streams, AClientThatDoesNotReadStopsTheGuestNotTheServer) {
  RawClient client = open();
  const std::string chunk(65536, 'o');
  std::size_t printed = 0;
  std::size_t refused = 0;
  while (refused < 100) {
    const ssize_t count = ::write(guest_.get(), chunk.data(), chunk.size());
    printed += count > 0 ? static_cast<std::size_t>(count) : 0;
    refused = count > 0 ? 0 : refused + 1;
    io_.restart();
    io_.poll();
  }
  EXPECT_LT(printed, 4U << 20);
  RawClient other = connect();
  expect_echo(other);
  std::size_t received = 0;
  while (received < printed) {
    const auto packet = client.receive();
    ASSERT_TRUE(packet);
    EXPECT_LE(packet->payload.size(), kMaxStreamChunk);
    received += packet->payload.size();
  }
  EXPECT_EQ(received, printed);
}

TEST_F(Streams, AGuestThatDoesNotReadEndsTheStreamAfterAWhile) {
  ServerLimits limits;
  limits.stream_pause = 1000;
  limits.stream_stall = std::chrono::milliseconds(20);
  start(limits);
  RawClient client = open();
  client.stream(kOpenStream, 1, MessageStatus::kContinue, Bytes(1 << 20, 'x'));
  const auto packet = client.receive();
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->error().code, 9);
  EXPECT_EQ(service_.streams_ended, 1U);
  expect_echo(client);
}

TEST_F(Streams, FinishDoesNotWaitForeverForAGuestThatDoesNotRead) {
  ServerLimits limits;
  limits.stream_pause = 8U << 20;
  limits.stream_stall = std::chrono::milliseconds(20);
  start(limits);
  RawClient client = open();
  client.stream(kOpenStream, 1, MessageStatus::kContinue, Bytes(1 << 20, 'x'));
  client.stream(kOpenStream, 1, MessageStatus::kOk);
  const auto packet = client.receive();
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->header.status, MessageStatus::kOk);
}

TEST_F(Streams, AClientHasNoMoreThanItsNumberOfStreams) {
  ServerLimits limits;
  limits.max_client_streams = 1;
  start(limits);
  RawClient client = open(1);
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  service_.next_descriptor.reset(ends[0]);
  const UniqueFd other_guest(ends[1]);
  client.call(kOpenStream, 2);
  const auto reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->error().code, 87);
  guest_prints("the first one lives");
  const auto packet = client.receive();
  ASSERT_TRUE(packet);
  EXPECT_EQ(text_of(*packet), "the first one lives");
}

}  // namespace
}  // namespace virtsev::rpc::test
