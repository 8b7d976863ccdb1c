// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include "driver/daemon/gdb/packet.hpp"

namespace virtsev::daemon::gdb {
namespace {

std::string packet_of(const std::optional<Input>& input) {
  const auto* packet = input ? std::get_if<Packet>(&*input) : nullptr;
  return packet != nullptr ? packet->data : "(no packet)";
}

TEST(GdbPacket, IsFramedWithTheSumOfItsBytes) {
  // The GDB manual's own example of an interaction.
  EXPECT_EQ("$OK#9a", frame("OK"));
  EXPECT_EQ("$#00", frame(""));
}

TEST(GdbPacket, SurvivesItsFrameWhateverItHolds) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) {
    all += static_cast<char>(byte);
  }
  PacketReader reader;
  reader.feed(frame(all));
  EXPECT_EQ(all, packet_of(reader.next()));
  EXPECT_FALSE(reader.next());
}

TEST(GdbPacket, ComesInPiecesOfAnySize) {
  PacketReader reader;
  const std::string bytes = "$qC#b4";
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
    reader.feed(bytes.substr(i, 1));
    EXPECT_FALSE(reader.next()) << i;
  }
  reader.feed("4");
  EXPECT_EQ("qC", packet_of(reader.next()));
}

TEST(GdbPacket, ThatIsDamagedIsNotTaken) {
  for (const char* bytes : {"$qC#b5", "$qC#zz", "$qD#b4"}) {
    PacketReader reader;
    reader.feed(bytes);
    const auto input = reader.next();
    ASSERT_TRUE(input) << bytes;
    EXPECT_TRUE(std::holds_alternative<Damaged>(*input)) << bytes;
  }
}

TEST(GdbPacket, InterruptsAndRequestsForMoreStandBetweenPackets) {
  PacketReader reader;
  reader.feed("++\x03-$?#3f");
  EXPECT_TRUE(std::holds_alternative<Acknowledged>(*reader.next()));
  EXPECT_TRUE(std::holds_alternative<Interrupt>(*reader.next()));
  EXPECT_TRUE(std::holds_alternative<Resend>(*reader.next()));
  EXPECT_EQ("?", packet_of(reader.next()));
}

TEST(GdbPacket, ThatNeverEndsIsNoticed) {
  PacketReader reader;
  reader.feed("$");
  reader.feed(std::string(2 * kMaxPacket, 'a'));
  EXPECT_FALSE(reader.next());
  EXPECT_TRUE(reader.overrun());
}

TEST(GdbPacket, NoiseIsSkippedAndNotKept) {
  PacketReader reader;
  for (int i = 0; i < 100; ++i) {
    reader.feed(std::string(kMaxPacket, 'a'));
    EXPECT_FALSE(reader.next());
  }
  EXPECT_FALSE(reader.overrun());
}

TEST(GdbPacket, ManyAcknowledgementsAreOne) {
  PacketReader reader;
  reader.feed(std::string(kMaxPacket, '+'));
  EXPECT_TRUE(std::holds_alternative<Acknowledged>(*reader.next()));
  EXPECT_FALSE(reader.next());
}

}  // namespace
}  // namespace virtsev::daemon::gdb
