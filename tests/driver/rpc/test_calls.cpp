// SPDX-License-Identifier: LGPL-2.1-or-later
// Calls and their answers.
#include "tests/driver/rpc/server_fixture.hpp"

namespace virtsev::rpc::test {
namespace {

using Calls = ServerTest;

TEST_F(Calls, AnAnswerHasTheCallsProcedureAndSerial) {
  RawClient client = connect();
  client.call(kEcho, 7, encoded("hello"));
  const auto reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->header.program, kRemoteProgram);
  EXPECT_EQ(reply->header.procedure, kEcho);
  EXPECT_EQ(reply->header.type, MessageType::kReply);
  EXPECT_EQ(reply->header.serial, 7U);
  EXPECT_EQ(reply->header.status, MessageStatus::kOk);
  EXPECT_EQ(decoded_text(reply->payload), "hello");
}

TEST_F(Calls, AMessageMayArriveByteByByte) {
  RawClient client = connect();
  Header header;
  header.procedure = kEcho;
  const Bytes message = make_message(header, encoded("slow"));
  for (const std::uint8_t byte : message) {
    ASSERT_TRUE(client.is_silent());
    client.send(ByteView(&byte, 1));
  }
  const auto reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(decoded_text(reply->payload), "slow");
}

TEST_F(Calls, AFailureTellsCodeDomainAndText) {
  RawClient client = connect();
  client.call(kRefuse, 1);
  const auto reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->header.status, MessageStatus::kError);
  EXPECT_EQ(reply->error().code, 42);
  EXPECT_EQ(reply->error().domain, 6);
  EXPECT_EQ(reply->error().message, "no such domain");
  EXPECT_EQ(reply->error().level, 2);
}

TEST_F(Calls, AnUnexpectedExceptionIsAnInternalErrorAndNoMore) {
  RawClient client = connect();
  client.call(kBreak, 1);
  const auto reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->error().code, 1);
  expect_echo(client);
}

TEST_F(Calls, AnUnknownProcedureIsAnRpcError) {
  RawClient client = connect();
  client.call(998, 1);
  const auto reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->error().code, 39);
  EXPECT_EQ(reply->error().domain, 7);
  EXPECT_EQ(reply->error().message.rfind("unknown procedure: 998", 0), 0U);
}

TEST_F(Calls, AnUnknownProgramIsAnsweredInItsOwnName) {
  RawClient client = connect();
  Header header;
  header.program = 0x12345678;
  header.version = 3;
  header.procedure = 9;
  header.serial = 5;
  client.send(header);
  const auto reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->header.program, 0x12345678U);
  EXPECT_EQ(reply->header.version, 3U);
  EXPECT_EQ(reply->header.serial, 5U);
  EXPECT_EQ(reply->error().code, 39);
  EXPECT_EQ(reply->error().message, "Cannot find program 305419896 version 3");
}

TEST_F(Calls, AnotherVersionOfTheProgramIsUnknown) {
  RawClient client = connect();
  Header header;
  header.version = 2;
  header.procedure = kEcho;
  client.send(header, encoded("x"));
  const auto reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->error().message, "Cannot find program 536903814 version 2");
  EXPECT_EQ(service_.entered, 0U);
}

TEST_F(Calls, ProgramsOfOtherDriversHaveNoProcedures) {
  RawClient client = connect();
  for (const std::uint32_t program : {kQemuProgram, kLxcProgram}) {
    Header header;
    header.program = program;
    header.procedure = 1;
    client.send(header);
    const auto reply = client.receive();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->error().code, 3);
    EXPECT_EQ(reply->error().message.rfind("procedure 1 of libvirt's ", 0), 0U) << reply->error().message;
  }
}

TEST_F(Calls, ACallWithAStatusIsRefused) {
  RawClient client = connect();
  Header header;
  header.procedure = kEcho;
  header.status = MessageStatus::kContinue;
  client.send(header, encoded("x"));
  const auto reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->error().code, 39);
  EXPECT_EQ(service_.entered, 0U);
}

TEST_F(Calls, AnUnknownMessageTypeIsAnError) {
  RawClient client = connect();
  Header header;
  header.procedure = kEcho;
  header.type = static_cast<MessageType>(77);
  client.send(header);
  const auto reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->error().code, 39);
  expect_echo(client);
}

TEST_F(Calls, RepliesEventsAndStrayStreamPacketsFromAClientAreDropped) {
  RawClient client = connect();
  for (const MessageType type :
       {MessageType::kReply, MessageType::kMessage, MessageType::kStream, MessageType::kStreamHole}) {
    Header header;
    header.procedure = kEcho;
    header.type = type;
    client.send(header, encoded("x"));
  }
  expect_echo(client);
  EXPECT_EQ(service_.entered, 1U);
}

TEST_F(Calls, ALaterCallMayBeAnsweredFirst) {
  RawClient client = connect();
  client.call(kWait, 1);
  client.call(kEcho, 2, encoded("quick"));
  const auto first = client.receive();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->header.serial, 2U);
  service_.release();
  const auto second = client.receive();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->header.serial, 1U);
}

TEST_F(Calls, CloseIsAnsweredBeforeTheConnectionEnds) {
  RawClient client = connect();
  client.call(kCloseConnection, 9);
  const auto reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->header.serial, 9U);
  EXPECT_TRUE(client.at_end());
  EXPECT_TRUE(run_until([this] { return service_.closed_ids.size() == 1; }));
  EXPECT_EQ(server_->clients(), 0U);
}

TEST_F(Calls, TheServiceHearsOfTheEndOnlyAfterTheLastCall) {
  RawClient client = connect();
  client.call(kWait, 1);
  ASSERT_TRUE(run_until([this] { return service_.entered == 1; }));
  client.close();
  RawClient other = connect();
  expect_echo(other);
  EXPECT_TRUE(service_.closed_ids.empty());
  service_.release();
  EXPECT_TRUE(run_until([this] { return service_.closed_ids.size() == 1; }));
}

TEST_F(Calls, EventsCarrySerialOneAndNoCall) {
  RawClient client = connect();
  expect_echo(client);
  service_.clients.begin()->second->send_event(318, encoded("happened"));
  const auto event = client.receive();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->header.type, MessageType::kMessage);
  EXPECT_EQ(event->header.procedure, 318);
  EXPECT_EQ(event->header.serial, 1U);
  EXPECT_EQ(event->header.status, MessageStatus::kOk);
  EXPECT_EQ(decoded_text(event->payload), "happened");
}

TEST_F(Calls, DescriptorsThatComeWithACallAreDroppedAndWhatFollowsIsRead) {
  RawClient client = connect();
  xdr::Encoder payload;
  payload.put_uint32(2);  // the number of descriptors stands before the arguments
  payload.put_string("with descriptors");
  Header header;
  header.procedure = kEcho;
  header.type = MessageType::kCallWithFds;
  client.send(header, payload.bytes());
  client.send_descriptor(client.socket());
  client.send_descriptor(client.socket());
  const auto reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(decoded_text(reply->payload), "with descriptors");
  expect_echo(client);
  client.close();  // the server holds no copy: it sees the end
  EXPECT_TRUE(run_until([this] { return server_->clients() == 0; }));
}

TEST_F(Calls, StoppingEndsAllConnections) {
  RawClient one = connect();
  RawClient two = connect();
  expect_echo(one);
  expect_echo(two);
  server_->stop();
  EXPECT_TRUE(one.at_end());
  EXPECT_TRUE(two.at_end());
  EXPECT_TRUE(run_until([this] { return service_.closed_ids.size() == 2; }));
}

}  // namespace
}  // namespace virtsev::rpc::test
