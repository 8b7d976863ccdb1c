// SPDX-License-Identifier: LGPL-2.1-or-later
// Frames travel whole, in order and with their descriptors, in whatever pieces a socket gives them; a bad
// peer is noticed.
#include "driver/control/channel.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "driver/xdr/encoder.hpp"
#include "tests/driver/control/samples.hpp"

namespace virtsev::control::test {
namespace {

struct SocketPair {
  SocketPair() {
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) {
      throw std::runtime_error("socketpair");
    }
    ours.reset(pair[0]);
    theirs.reset(pair[1]);
  }
  UniqueFd ours, theirs;
};

Bytes header(std::uint32_t length, std::uint32_t kind, std::uint32_t descriptors) {
  xdr::Encoder out;
  out.put_uint32(length);
  out.put_uint32(kind);
  out.put_uint32(3);
  out.put_uint32(1);
  out.put_uint32(descriptors);
  return out.take();
}

ChannelError error_of(ByteView bytes) {
  FrameReader reader;
  if (const auto fed = reader.feed(bytes, {}); !fed) {
    return fed.error();
  }
  const auto frame = reader.next();
  if (frame) {
    throw std::logic_error("the reader took the bytes");
  }
  return frame.error();
}

// Quadratic time would take hours.
TEST(FrameReader, TakesManyTinyFramesInTimeThatGrowsWithThem) {
  constexpr std::size_t kFrames = 1U << 20;
  const Bytes tiny = header(kFrameHeaderBytes, 3, 0);
  Bytes all;
  all.reserve(kFrames * tiny.size());
  for (std::size_t i = 0; i < kFrames; ++i) {
    all.insert(all.end(), tiny.begin(), tiny.end());
  }
  FrameReader reader;
  ASSERT_TRUE(reader.feed(all, {}));
  for (std::size_t i = 0; i < kFrames; ++i) {
    const auto frame = reader.next();
    ASSERT_TRUE(frame && *frame);
  }
  const auto none = reader.next();
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->has_value());
}

TEST(FrameReader, TakesAFrameByteByByte) {
  const OutgoingFrame outgoing = encode(Request(Hello{1}), 7);
  FrameReader reader;
  for (std::size_t i = 0; i < outgoing.bytes.size(); ++i) {
    const auto early = reader.next();
    ASSERT_TRUE(early);
    EXPECT_FALSE(early->has_value());
    ASSERT_TRUE(reader.feed(ByteView(outgoing.bytes).subspan(i, 1), {}));
  }
  const auto frame = reader.next();
  ASSERT_TRUE(frame && *frame);
  EXPECT_EQ((*frame)->serial, 7U);
}

TEST(FrameReader, TakesSeveralFramesAtOnce) {
  Bytes bytes = encode(Request(Query{}), 1).bytes;
  const Bytes second = encode(Request(Pause{}), 2).bytes;
  bytes.insert(bytes.end(), second.begin(), second.end());
  FrameReader reader;
  ASSERT_TRUE(reader.feed(bytes, {}));
  EXPECT_EQ(reader.next().value()->serial, 1U);
  EXPECT_EQ(reader.next().value()->serial, 2U);
  EXPECT_FALSE(reader.next().value().has_value());
}

TEST(FrameReader, RefusesALengthBelowTheHeader) {
  EXPECT_EQ(error_of(header(19, 1, 0)), ChannelError::kBadFrame);
}
TEST(FrameReader, RefusesAnOversizeFrameBeforeItsBytesCome) {
  EXPECT_EQ(error_of(header(kMaxMessageBytes + 1, 1, 0)), ChannelError::kBadFrame);
}
TEST(FrameReader, RefusesAnUnknownKind) { EXPECT_EQ(error_of(header(20, 4, 0)), ChannelError::kBadFrame); }
TEST(FrameReader, RefusesMoreDescriptorsThanTheLimit) {
  EXPECT_EQ(error_of(header(20, 1, kMaxDescriptors + 1)), ChannelError::kTooManyDescriptors);
}
TEST(FrameReader, RefusesAnnouncedDescriptorsThatDidNotCome) {
  EXPECT_EQ(error_of(header(20, 1, 1)), ChannelError::kMissingDescriptors);
}

TEST(FrameReader, RefusesDescriptorsThatNobodyAnnounced) {
  std::vector<UniqueFd> descriptors;
  descriptors.push_back(open_null());
  FrameReader reader;
  ASSERT_TRUE(reader.feed(header(20, 1, 0), std::move(descriptors)));
  EXPECT_EQ(reader.next().error(), ChannelError::kTooManyDescriptors);
}

TEST(FrameReader, StaysFailed) {
  FrameReader reader;
  ASSERT_TRUE(reader.feed(header(20, 9, 0), {}));
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.feed(encode(Request(Query{}), 1).bytes, {}));
  EXPECT_FALSE(reader.next());
}

TEST(Channel, CarriesDescriptorsToTheirOwnFrames) {
  SocketPair sockets;
  const UniqueFd null = open_null();
  FrameWriter writer;
  ASSERT_TRUE(writer.push(encode(Request(Query{}), 1)));
  ASSERT_TRUE(writer.push(encode(Request(sample_start(null.get())), 2)));
  ASSERT_TRUE(writer.push(encode(Request(Quit{}), 3)));
  ASSERT_TRUE(writer.flush(sockets.ours.get()).value());

  FrameReader reader;
  std::vector<Frame> frames;
  while (frames.size() < 3) {
    ASSERT_TRUE(receive(sockets.theirs.get(), reader).value());
    for (auto frame = reader.next(); frame.value().has_value(); frame = reader.next()) {
      frames.push_back(std::move(**frame));
    }
  }
  EXPECT_TRUE(frames[0].descriptors.empty());
  EXPECT_TRUE(frames[2].descriptors.empty());
  const auto start = decode_request(frames[1]);
  ASSERT_TRUE(start);
  struct stat sent {};
  struct stat got {};
  ASSERT_EQ(::fstat(null.get(), &sent), 0);
  ASSERT_EQ(::fstat(std::get<Start>(*start).kvm, &got), 0);
  EXPECT_EQ(sent.st_rdev, got.st_rdev);
  EXPECT_NE(::fcntl(std::get<Start>(*start).kvm, F_GETFD) & FD_CLOEXEC, 0);
}

TEST(Channel, ADescriptorMayBeClosedOnceItsFrameIsPushed) {
  SocketPair sockets;
  UniqueFd null = open_null();
  FrameWriter writer;
  ASSERT_TRUE(writer.push(encode(Request(sample_start(null.get())), 2)));
  null.reset();
  EXPECT_TRUE(writer.flush(sockets.ours.get()).value());
}

TEST(Channel, ReceiveSaysWhenNothingIsThereAndWhenThePeerIsGone) {
  SocketPair sockets;
  FrameReader reader;
  EXPECT_FALSE(receive(sockets.theirs.get(), reader).value());
  sockets.ours.reset();
  EXPECT_EQ(receive(sockets.theirs.get(), reader).error(), ChannelError::kClosed);
}

TEST(Channel, WritingToAPeerThatIsGoneIsNoSignal) {
  SocketPair sockets;
  sockets.theirs.reset();
  FrameWriter writer;
  ASSERT_TRUE(writer.push(encode(Request(Query{}), 1)));
  EXPECT_EQ(writer.flush(sockets.ours.get()).error(), ChannelError::kClosed);
}

TEST(Channel, APeerThatDoesNotReadCostsABoundedAmount) {
  SocketPair sockets;
  FrameWriter writer;
  Result<void, ChannelError> pushed{};
  std::size_t frames = 0;
  while (pushed && frames < 10000) {
    pushed = writer.push(encode(Event(ConsoleSilent{std::string(60000, 'x')})));
    (void)writer.flush(sockets.ours.get());
    ++frames;
  }
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.error(), ChannelError::kTooSlow);
  EXPECT_LT(frames, 200U);
}

TEST(Channel, ResumesWhereTheSocketWasFull) {
  SocketPair sockets;
  FrameWriter writer;
  const std::string text(60000, 'y');
  constexpr std::size_t kFrames = 40;
  for (std::size_t i = 0; i < kFrames; ++i) {
    ASSERT_TRUE(writer.push(encode(Event(ConsoleSilent{text}))));
  }
  FrameReader reader;
  std::size_t got = 0;
  bool was_full = false;
  while (got < kFrames) {
    was_full = !writer.flush(sockets.ours.get()).value() || was_full;
    ASSERT_TRUE(receive(sockets.theirs.get(), reader));
    for (auto frame = reader.next(); frame.value().has_value(); frame = reader.next()) {
      EXPECT_EQ(std::get<ConsoleSilent>(decode_event(**frame).value()).text, text);
      ++got;
    }
  }
  EXPECT_TRUE(was_full);
}

}  // namespace
}  // namespace virtsev::control::test
