// SPDX-License-Identifier: LGPL-2.1-or-later
// A socket that keeps packets apart plays the tap device: reads, writes and EAGAIN are the same.
#include "driver/vmm/network/tap_port.hpp"

#include <string>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "sevcore/base/unique_fd.hpp"

namespace virtsev::vmm::test {
namespace {

class TapPortTest : public testing::Test {
 protected:
  TapPortTest() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    ours_.reset(ends[0]);
    host_.reset(ends[1]);
    port_ = std::make_unique<TapPort>(ours_.get());
    port_->open(loop_, {[this] { ++readable_; }, [this] { ++writable_; },
                        [this](const std::string& why) { broken_.push_back(why); }});
  }
  void host_sends(ByteView frame) {
    ASSERT_EQ(::send(host_.get(), frame.data(), frame.size(), 0), static_cast<ssize_t>(frame.size()));
  }
  NetworkPort::Sent send(Bytes& bytes) {
    const std::vector<iovec> pieces{{bytes.data(), 5}, {bytes.data() + 5, bytes.size() - 5}};
    return port_->send(pieces);
  }

  UniqueFd ours_;
  UniqueFd host_;
  EventLoop loop_;
  int readable_ = 0;
  int writable_ = 0;
  std::vector<std::string> broken_;
  std::unique_ptr<TapPort> port_;
};

TEST_F(TapPortTest, PassesFramesWithTheirHeaders) {
  EXPECT_EQ(port_->receive().error(), NetworkPort::NoFrame::kNow);
  Bytes frame(100);
  frame[0] = 1;
  host_sends(frame);
  loop_.run_once();
  EXPECT_EQ(readable_, 1);
  const auto got = port_->receive();
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(Bytes(got->begin(), got->end()), frame);
  EXPECT_EQ(send(frame), NetworkPort::Sent::kYes);
  Bytes sent(200);
  EXPECT_EQ(::recv(host_.get(), sent.data(), sent.size(), MSG_DONTWAIT), 100);
  EXPECT_EQ(sent[0], 1);
}

TEST_F(TapPortTest, IsToldWhenThereIsRoomAgain) {
  Bytes frame(1000);
  NetworkPort::Sent sent = NetworkPort::Sent::kYes;
  while (sent == NetworkPort::Sent::kYes) {
    sent = send(frame);
  }
  EXPECT_EQ(sent, NetworkPort::Sent::kLater);
  port_->want_room(true);
  Bytes room(2000);
  while (writable_ == 0) {
    ASSERT_GT(::recv(host_.get(), room.data(), room.size(), MSG_DONTWAIT), 0);
    host_sends(frame);  // So that the loop has an event in any case
    loop_.run_once();
    (void)port_->receive();
  }
  while (::recv(host_.get(), room.data(), room.size(), MSG_DONTWAIT) > 0) {
  }
  EXPECT_EQ(send(frame), NetworkPort::Sent::kYes);
}

TEST_F(TapPortTest, IsBrokenOnceWhenTheDeviceGoes) {
  port_->want_frames(false);
  host_.reset();
  loop_.run_once();
  EXPECT_EQ(broken_.size(), 1U);
  EXPECT_EQ(readable_, 0);
}

TEST_F(TapPortTest, IsBrokenWhereFramesHaveNoHeader) {
  host_sends(Bytes(11));
  EXPECT_EQ(port_->receive().error(), NetworkPort::NoFrame::kBroken);
}

}  // namespace
}  // namespace virtsev::vmm::test
