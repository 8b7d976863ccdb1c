// SPDX-License-Identifier: LGPL-2.1-or-later
// What monitors of earlier versions have sent; and what a peer of the protocol's next version sends: more
// bytes at a structure's end, messages that we do not know.
#include <gtest/gtest.h>

#include "driver/xdr/encoder.hpp"
#include "sevcore/base/hex.hpp"
#include "tests/driver/control/samples.hpp"

namespace virtsev::control::test {
namespace {

void append_unknown_field(Frame& frame) { frame.payload.insert(frame.payload.end(), 12, 0xee); }

TEST(NextVersion, ItsHelloIsUnderstood) {
  const auto decoded = decode_request(received(encode(Request(Hello{kProtocolVersion + 1}), 1)));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(std::get<Hello>(*decoded).version, kProtocolVersion + 1);
}

TEST(NextVersion, NewFieldsAtTheEndOfRequestsAreSkipped) {
  const UniqueFd null = open_null();
  for (const Request& request : sample_requests(null.get())) {
    Frame frame = received(encode(request, 1));
    append_unknown_field(frame);
    const auto decoded = decode_request(frame);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->index(), request.index());
  }
}

TEST(NextVersion, NewFieldsAtTheEndOfRepliesAndEventsAreSkipped) {
  for (const Reply& reply : sample_replies()) {
    Frame frame = received(encode(reply, 1));
    append_unknown_field(frame);
    EXPECT_TRUE(decode_reply(frame));
  }
  for (const Event& event : sample_events()) {
    Frame frame = received(encode(event));
    append_unknown_field(frame);
    EXPECT_TRUE(decode_event(frame));
  }
}

TEST(NextVersion, ALaunchReportThatGrewInsideAStatusIsSkippedOver) {
  const Frame report_frame = received(encode(Reply(sample_report()), 1));
  Bytes grown = report_frame.payload;
  grown.insert(grown.end(), 8, 0xee);
  xdr::Encoder out;
  out.put_uint32(static_cast<std::uint32_t>(RunState::kPaused));
  out.put_bool(true);
  out.put_opaque(grown);
  out.put_uint32(1);
  out.put_uint64(99);
  out.put_uint32(0);
  out.put_uint64(4096);
  Frame frame;
  frame.kind = FrameKind::kReply;
  frame.type = static_cast<std::uint32_t>(ReplyType::kStatus);
  frame.payload = out.take();
  const auto decoded = decode_reply(frame);
  ASSERT_TRUE(decoded);
  const Status& status = std::get<Status>(*decoded);
  EXPECT_EQ(status.launch.build, 3U);
  ASSERT_EQ(status.vcpu_time_ns.size(), 1U);
  EXPECT_EQ(status.vcpu_time_ns[0], 99U);
  EXPECT_EQ(status.resident_bytes, 4096U);
}

TEST(NextVersion, AnEndForAReasonOfItsOwnIsAnErrorThatKeepsItsText) {
  for (const std::uint32_t reason : {7U, 200U, 0xffffffffU}) {
    Frame frame = received(encode(Event(Ended{static_cast<EndReason>(reason), "it was migrated away"})));
    const auto decoded = decode_event(frame);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(std::get<Ended>(*decoded).reason, EndReason::kError);
    EXPECT_EQ(std::get<Ended>(*decoded).text, "it was migrated away");
  }
}

TEST(NextVersion, AnEndFileWithAReasonOfItsOwnIsRead) {
  const auto ended = parse_end_file(end_file_content({static_cast<EndReason>(9), "why"}));
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->reason, EndReason::kError);
}

TEST(NextVersion, AStateOfItsOwnIsNotTakenForRunning) {
  Status sent;
  sent.state = static_cast<RunState>(5);
  sent.launch = sample_report();
  const auto status = decode_reply(received(encode(Reply(sent), 1)));
  ASSERT_TRUE(status);
  EXPECT_EQ(std::get<Status>(*status).state, RunState::kPaused);
  const auto hello = decode_reply(received(encode(Reply(HelloReply{3, static_cast<RunState>(5)}), 1)));
  ASSERT_TRUE(hello);
  EXPECT_EQ(std::get<HelloReply>(*hello).state, RunState::kPaused);
}

/// Frames as a monitor of protocol version 4 sent them: recorded from the last build that spoke it.
Frame recorded(const std::string& hex) {
  const Bytes bytes = from_hex(hex).value();
  const auto word = [&bytes](std::size_t at) {
    return static_cast<std::uint32_t>(bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 |
                                      bytes[at + 3]);
  };
  Frame frame;
  frame.kind = static_cast<FrameKind>(word(4));
  frame.type = word(8);
  frame.serial = word(12);
  frame.payload.assign(bytes.begin() + 20, bytes.end());
  return frame;
}

TEST(MonitorOfVersion4, GreetsAndIsFoundAgainWithItsLaunch) {
  const auto hello = decode_reply(recorded("0000001c000000020000000300000001000000000000000400000001"));
  ASSERT_TRUE(hello);
  EXPECT_EQ(std::get<HelloReply>(*hello).version, 4U);
  EXPECT_EQ(std::get<HelloReply>(*hello).state, RunState::kPaused);
  const auto answer =
      decode_reply(recorded("000000a4000000020000000500000002000000000000000100000001000000640000003033333333"
                            "33333333333333333333333333333333"
                            "33333333333333333333333333333333333333333333333333333333000000010000003700000018"
                            "000000070000002f0000000100000000"
                            "00000002000000000003f0100000000000000ff00000000100000000075bcd150000000100001267"
                            "000000000010000000000000"));
  ASSERT_TRUE(answer);
  const Status& status = std::get<Status>(*answer);
  EXPECT_TRUE(status.has_run);
  EXPECT_EQ(status.launch.measurement, Bytes(48, 0x33));
  EXPECT_EQ(status.launch.protection, sevcore::Protection(sevcore::SevEs{sevcore::Policy(7), {}}));
  EXPECT_EQ(status.launch.build, 24U);
  EXPECT_EQ(status.launch.platform, Platform::kSimulated);
  EXPECT_EQ(status.launch.secret_address, 0x3f010U);
  EXPECT_EQ(status.vcpu_time_ns, std::vector<std::uint64_t>{123456789});
  EXPECT_EQ(status.resident_bytes, 1U << 20);
}

TEST(MonitorOfVersion4, OfAnOrdinaryGuestHasNoProtection) {
  const auto answer = decode_reply(recorded(
      "000000680000000200000005000000030000000000000002000000000000003400000000000000000000000000000000000000"
      "0000000000"
      "000000000000000000000002000000000000000000000000000000000000000000000000000000000000000000000000"));
  ASSERT_TRUE(answer);
  EXPECT_FALSE(sevcore::is_protected(std::get<Status>(*answer).launch.protection));
}

TEST(MonitorOfVersion4, SaysThatItWasDestroyed) {
  EXPECT_TRUE(
      std::holds_alternative<Done>(*decode_reply(recorded("0000001400000002000000020000000400000000"))));
  const auto ended = decode_event(recorded("0000001c000000030000000100000000000000000000000100000000"));
  ASSERT_TRUE(ended);
  EXPECT_EQ(std::get<Ended>(*ended).reason, EndReason::kDestroyed);
}

/// Counts of disks and of interfaces, which a status has since version 5, of ports, since version 7, and of
/// what is plugged in, since version 8.
constexpr std::size_t kNothingPlugged = 4;
constexpr std::size_t kFiguresOfNoDevice = 12 + kNothingPlugged;

TEST(PreviousVersion, ItsStatusHasNoWordOfSlots) {
  Status sent{RunState::kRunning, true, sample_report(), {7}, {8}, 4096, "silent"};
  sent.disks = {{"virtio-disk0", {1, 2, 3}, {4, 5, 6}, {7, 0, 8}, 9}};
  Frame frame = received(encode(Reply(sent), 1));
  frame.payload.resize(frame.payload.size() - kNothingPlugged);
  const auto decoded = decode_reply(frame);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(std::get<Status>(*decoded).disks.size(), 1U);
  EXPECT_TRUE(std::get<Status>(*decoded).plugged.empty());
}

TEST(PreviousVersion, ItsStatusHasNoFiguresOfDevices) {
  const Status sent{RunState::kRunning, true, sample_report(), {7}, {8}, 4096, "silent"};
  Frame frame = received(encode(Reply(sent), 1));
  frame.payload.resize(frame.payload.size() - kFiguresOfNoDevice);
  const auto decoded = decode_reply(frame);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(std::get<Status>(*decoded).console_silent, "silent");
  EXPECT_TRUE(std::get<Status>(*decoded).disks.empty());
}

TEST(PreviousVersion, ItsStatusHasNoWordOfTheConsole) {
  const Status sent{RunState::kRunning, true, sample_report(), {7}, {8}, 4096, {}};
  Frame frame = received(encode(Reply(sent), 1));
  frame.payload.resize(frame.payload.size() - 4 - kFiguresOfNoDevice);
  const auto decoded = decode_reply(frame);
  ASSERT_TRUE(decoded);
  const Status& status = std::get<Status>(*decoded);
  EXPECT_EQ(status.resident_bytes, 4096U);
  EXPECT_TRUE(status.console_silent.empty());
}

TEST(PreviousVersion, ItsReadingOfMemoryIsThroughTheFirstVcpu) {
  Frame frame = received(encode(Request(ReadMemory{7, 8, AddressKind::kVirtual, 9}), 1));
  frame.payload.resize(frame.payload.size() - 4);
  const auto decoded = decode_request(frame);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(std::get<ReadMemory>(*decoded).address, 7U);
  EXPECT_EQ(std::get<ReadMemory>(*decoded).vcpu, 0U);
}

TEST(PreviousVersion, ItsStartIsAMessageThatIsNotKnown) {
  Frame frame = received(encode(Request(Query{}), 1));
  frame.type = 2;  // Start before version 5
  EXPECT_EQ(decode_request(frame).error(), DecodeError::kUnknownType);
}

TEST(NextVersion, MessagesOfItsOwnAreToldFromMalformedOnes) {
  Frame frame = received(encode(Request(Query{}), 5));
  frame.type = 1000;
  EXPECT_EQ(decode_request(frame).error(), DecodeError::kUnknownType);
  frame.kind = FrameKind::kReply;
  EXPECT_EQ(decode_reply(frame).error(), DecodeError::kUnknownType);
  frame.kind = FrameKind::kEvent;
  EXPECT_EQ(decode_event(frame).error(), DecodeError::kUnknownType);
}

TEST(NextVersion, ItsErrorCodesArePassedOn) {
  xdr::Encoder out;
  out.put_int32(123);
  out.put_string("something new");
  Frame frame;
  frame.kind = FrameKind::kReply;
  frame.type = static_cast<std::uint32_t>(ReplyType::kFailure);
  frame.payload = out.take();
  const auto decoded = decode_reply(frame);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(static_cast<int>(std::get<Failure>(*decoded).code), 123);
}

}  // namespace
}  // namespace virtsev::control::test
