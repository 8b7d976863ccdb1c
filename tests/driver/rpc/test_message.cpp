// SPDX-License-Identifier: LGPL-2.1-or-later
// Messages byte by byte, against what stock clients and daemons exchange.
#include <gtest/gtest.h>

#include "driver/rpc/error_reply.hpp"
#include "driver/rpc/message.hpp"
#include "driver/xdr/decoder.hpp"

namespace virtsev::rpc {
namespace {

// The first exchange of every client (AUTH_LIST), as recorded between libvirt 9.0's own two sides.
const Bytes kRecordedCall{0, 0,    0, 0x1c, 0x20, 0, 0x80, 0x86, 0, 0, 0, 1, 0, 0,
                          0, 0x42, 0, 0,    0,    0, 0,    0,    0, 0, 0, 0, 0, 0};
const Bytes kRecordedReply{0, 0, 0, 0x24, 0x20, 0, 0x80, 0x86, 0, 0, 0, 1, 0, 0, 0, 0x42, 0, 0,
                           0, 1, 0, 0,    0,    0, 0,    0,    0, 0, 0, 0, 0, 1, 0, 0,    0, 0};

TEST(Message, ReadsARecordedCall) {
  EXPECT_EQ(decode_length(ByteView(kRecordedCall).first(4)), 28U);
  const auto header = decode_header(ByteView(kRecordedCall).subspan(4));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->program, kRemoteProgram);
  EXPECT_EQ(header->version, 1U);
  EXPECT_EQ(header->procedure, 66);
  EXPECT_EQ(header->type, MessageType::kCall);
  EXPECT_EQ(header->serial, 0U);
  EXPECT_EQ(header->status, MessageStatus::kOk);
}

TEST(Message, WritesARecordedReply) {
  const auto call = decode_header(ByteView(kRecordedCall).subspan(4));
  ASSERT_TRUE(call);
  xdr::Encoder reply = start_message(reply_to(*call, MessageStatus::kOk));
  reply.put_uint32(1);
  reply.put_int32(0);
  EXPECT_EQ(finish_message(std::move(reply)), kRecordedReply);
}

TEST(Message, AHeaderCutShortIsNone) {
  for (std::size_t length = 0; length < kHeaderSize; ++length) {
    EXPECT_FALSE(decode_header(ByteView(kRecordedCall).subspan(4, length)));
  }
}

TEST(Message, LengthsBelowTheHeaderOrAboveTheLimitAreNone) {
  const auto length_of = [](std::uint32_t value) {
    xdr::Encoder word;
    word.put_uint32(value);
    return decode_length(word.bytes());
  };
  EXPECT_FALSE(length_of(0));
  EXPECT_FALSE(length_of(4));
  EXPECT_FALSE(length_of(27));
  EXPECT_EQ(length_of(28), 28U);
  EXPECT_EQ(length_of(33554436), 33554436U);
  EXPECT_FALSE(length_of(33554437));
  EXPECT_FALSE(length_of(0xffffffff));
}

TEST(Message, AMessageAboveTheLimitIsNotMade) {
  xdr::Encoder at_limit = start_message({});
  at_limit.put_fixed_opaque(Bytes(kMaxMessage - kMinMessage));
  EXPECT_TRUE(finish_message(std::move(at_limit)));
  xdr::Encoder above = start_message({});
  above.put_fixed_opaque(Bytes(kMaxMessage - kMinMessage + 1));
  EXPECT_FALSE(finish_message(std::move(above)));
}

TEST(Message, TheAnswerToAStreamPacketIsAStreamPacket) {
  Header packet;
  packet.type = MessageType::kStream;
  EXPECT_EQ(reply_to(packet, MessageStatus::kError).type, MessageType::kStream);
  packet.type = MessageType::kCallWithFds;
  EXPECT_EQ(reply_to(packet, MessageStatus::kOk).type, MessageType::kReply);
}

TEST(ErrorReply, HasTheFieldsOfRemoteError) {
  xdr::Encoder out;
  put_error(out, ErrorCode::kNoDomain, "gone");
  EXPECT_EQ(out.bytes(),
            (Bytes{0, 0, 0, 42, 0, 0, 0, 6, 0, 0, 0, 1, 0, 0, 0, 4, 'g', 'o', 'n', 'e',  // code to message
                   0, 0, 0, 2,  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,   0,   0,   0,    // level, dom, str1-3
                   0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0}));                               // int1, int2, net
}

TEST(ErrorReply, CutsALongMessageBetweenCharacters) {
  xdr::Encoder out;
  put_error(out, ErrorCode::kInternal, std::string(20000, 'a'));
  EXPECT_LE(out.size(), 16384U + 64);
  std::string accents;
  for (int i = 0; i < 20000; ++i) {
    accents += "\xc3\xa9";
  }
  xdr::Encoder cut;
  put_error(cut, ErrorCode::kInternal, "x" + accents);
  xdr::Decoder decoder(cut.bytes());
  decoder.get_int32();
  decoder.get_int32();
  decoder.get_bool();
  const std::string text = decoder.get_string(kMaxString);
  EXPECT_EQ(text.size(), 16383U);
  EXPECT_EQ(text.substr(text.size() - 2), "\xc3\xa9");
}

TEST(ErrorReply, EndsAMessageAtANul) {
  xdr::Encoder out;
  put_error(out, ErrorCode::kInternal, std::string_view("ab\0cd", 5));
  xdr::Decoder decoder(out.bytes());
  decoder.get_int32();
  decoder.get_int32();
  decoder.get_bool();
  EXPECT_EQ(decoder.get_string(kMaxString), "ab");
}

TEST(ErrorReply, UnknownProcedureBeginsWithTheWordsThatClientsLookFor) {
  const Error error = unknown_procedure(999);
  EXPECT_EQ(error.code(), ErrorCode::kRpc);
  EXPECT_EQ(error_domain(error.code()), 7);
  EXPECT_EQ(std::string(error.what()).rfind("unknown procedure: 999", 0), 0U);
}

}  // namespace
}  // namespace virtsev::rpc
