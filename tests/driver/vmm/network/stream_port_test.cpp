// SPDX-License-Identifier: LGPL-2.1-or-later
// Frames over a real socket pair, whose other end does as it likes.
#include "driver/vmm/network/stream_port.hpp"

#include <string>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::vmm::test {
namespace {

class StreamPortTest : public testing::Test {
 protected:
  StreamPortTest() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    ours_.reset(ends[0]);
    peer_.reset(ends[1]);
    const int small = 4096;
    ::setsockopt(ours_.get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    port_ = std::make_unique<StreamPort>(ours_.get());
    port_->open(loop_, {[this] { ++readable_; }, [this] { ++writable_; },
                        [this](const std::string& why) { broken_.push_back(why); }});
  }
  static Bytes framed(ByteView frame) {
    Bytes bytes;
    for (int shift = 24; shift >= 0; shift -= 8) {
      bytes.push_back(static_cast<std::uint8_t>(frame.size() >> shift));
    }
    bytes.insert(bytes.end(), frame.begin(), frame.end());
    return bytes;
  }
  void peer_sends(ByteView bytes) {
    ASSERT_EQ(::send(peer_.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  }
  /// What the peer has got by now.
  Bytes peer_gets() {
    Bytes bytes(1 << 20);
    const ssize_t got = ::recv(peer_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }
  /// The frame without its header, which is all zeros.
  Bytes receive() {
    const auto frame = port_->receive();
    if (!frame) {
      return {};
    }
    EXPECT_TRUE(
        std::all_of(frame->begin(), frame->begin() + kFrameHeaderSize, [](auto byte) { return byte == 0; }));
    return {frame->begin() + kFrameHeaderSize, frame->end()};
  }
  NetworkPort::Sent send(ByteView frame) {
    Bytes bytes(kFrameHeaderSize, 0xee);
    bytes.insert(bytes.end(), frame.begin(), frame.end());
    const std::vector<iovec> pieces{{bytes.data(), 20}, {bytes.data() + 20, bytes.size() - 20}};
    return port_->send(pieces);
  }

  UniqueFd ours_;
  UniqueFd peer_;
  EventLoop loop_;
  int readable_ = 0;
  int writable_ = 0;
  std::vector<std::string> broken_;
  std::unique_ptr<StreamPort> port_;
};

TEST_F(StreamPortTest, ReceivesAStreamInSingleBytes) {
  const Bytes frame(70, 7);
  const Bytes stream = framed(frame);
  for (std::size_t i = 0; i < stream.size(); ++i) {
    ASSERT_EQ(port_->receive().error(), NetworkPort::NoFrame::kNow);
    peer_sends(ByteView(stream).subspan(i, 1));
  }
  EXPECT_EQ(receive(), frame);
  EXPECT_EQ(port_->receive().error(), NetworkPort::NoFrame::kNow);
}

TEST_F(StreamPortTest, ReceivesManyFramesAtOnceAndPartsOfThem) {
  Bytes stream;
  for (std::uint8_t i = 1; i <= 200; ++i) {
    const Bytes one = framed(Bytes(14 + i * 5U, i));
    stream.insert(stream.end(), one.begin(), one.end());
  }
  peer_sends(stream);
  for (std::uint8_t i = 1; i <= 200; ++i) {
    ASSERT_EQ(receive(), Bytes(14 + i * 5U, i));
  }
}

TEST_F(StreamPortTest, ReceivesTheLargestFrame) {
  const Bytes frame(kMostFrameBytes, 3);
  const Bytes stream = framed(frame);
  std::size_t sent = 0;
  while (sent < stream.size()) {
    const ssize_t put = ::send(peer_.get(), stream.data() + sent, stream.size() - sent, MSG_DONTWAIT);
    sent += put > 0 ? static_cast<std::size_t>(put) : 0;
    if (sent < stream.size()) {
      ASSERT_EQ(port_->receive().error(), NetworkPort::NoFrame::kNow);
    }
  }
  EXPECT_EQ(receive(), frame);
}

TEST_F(StreamPortTest, AnEmptyFrameIsAFrame) {
  peer_sends(framed({}));
  EXPECT_EQ(port_->receive()->size(), kFrameHeaderSize);
}

TEST_F(StreamPortTest, BreaksAtALengthThatIsTooLarge) {
  peer_sends(ByteArray<4>{0, 1, 0, 27});  // 65,563
  EXPECT_EQ(port_->receive().error(), NetworkPort::NoFrame::kBroken);
  EXPECT_NE(port_->why_broken().find("65563"), std::string::npos);
  peer_sends(ByteArray<4>{0xff, 0xff, 0xff, 0xff});
  EXPECT_EQ(port_->receive().error(), NetworkPort::NoFrame::kBroken);
}

TEST_F(StreamPortTest, BreaksWhenItsOtherEndCloses) {
  peer_sends(framed(Bytes(20, 1)));
  peer_.reset();
  EXPECT_EQ(receive(), Bytes(20, 1)) << "what came before is received";
  EXPECT_EQ(port_->receive().error(), NetworkPort::NoFrame::kBroken);
  EXPECT_EQ(send(Bytes(20)), NetworkPort::Sent::kBroken);
}

TEST_F(StreamPortTest, TellsOnceThatItsOtherEndHasClosedWhileNothingIsWanted) {
  port_->want_frames(false);
  peer_.reset();
  loop_.run_once();
  EXPECT_EQ(broken_.size(), 1U);
}

TEST_F(StreamPortTest, SendsAFrameBehindItsLengthWithoutItsHeader) {
  EXPECT_EQ(send(Bytes(60, 9)), NetworkPort::Sent::kYes);
  EXPECT_EQ(peer_gets(), framed(Bytes(60, 9)));
}

TEST_F(StreamPortTest, WaitsForRoomAndLosesNothing) {
  Bytes expected;
  std::uint8_t count = 0;
  NetworkPort::Sent sent = NetworkPort::Sent::kYes;
  while (sent == NetworkPort::Sent::kYes) {
    const Bytes frame(5000, count);
    sent = send(frame);
    if (sent == NetworkPort::Sent::kYes) {
      const Bytes stream = framed(frame);
      expected.insert(expected.end(), stream.begin(), stream.end());
      ++count;
    }
  }
  EXPECT_EQ(sent, NetworkPort::Sent::kLater);
  port_->want_room(true);
  Bytes got;
  while (writable_ == 0) {
    const Bytes some = peer_gets();
    got.insert(got.end(), some.begin(), some.end());
    loop_.run_once();
  }
  for (Bytes some = peer_gets(); !some.empty(); some = peer_gets()) {
    got.insert(got.end(), some.begin(), some.end());
  }
  EXPECT_EQ(got, expected);
  EXPECT_EQ(send(Bytes(60)), NetworkPort::Sent::kYes);
}

TEST_F(StreamPortTest, SendsTheRestOfAFrameByItself) {
  Bytes expected;
  while (send(Bytes(5000, 1)) == NetworkPort::Sent::kYes) {
    const Bytes stream = framed(Bytes(5000, 1));
    expected.insert(expected.end(), stream.begin(), stream.end());
  }
  Bytes got;
  while (got.size() < expected.size()) {
    const Bytes some = peer_gets();
    got.insert(got.end(), some.begin(), some.end());
    if (got.size() < expected.size()) {
      loop_.run_once();
    }
  }
  EXPECT_EQ(got, expected);
  EXPECT_EQ(writable_, 0) << "nobody waits for it";
}

}  // namespace
}  // namespace virtsev::vmm::test
