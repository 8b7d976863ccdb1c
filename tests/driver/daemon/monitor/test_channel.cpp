// SPDX-License-Identifier: LGPL-2.1-or-later
// The daemon's end of a control connection, with a peer that is late, or sends what it should not.
#include <array>
#include <functional>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "driver/control/codec.hpp"
#include "driver/daemon/monitor/channel.hpp"
#include "sevcore/base/error.hpp"

namespace virtsev::daemon {
namespace {

using std::chrono::milliseconds;

class ChannelTest : public ::testing::Test {
 protected:
  ChannelTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
    peer_ = UniqueFd(ends[1]);
    channel_ = std::make_shared<MonitorChannel>(io_.get_executor(), UniqueFd(ends[0]));
    MonitorChannel::Sinks sinks;
    sinks.event = [this](const control::Event&) { ++events_; };
    sinks.broken = [this](const std::string& why, bool faulty) { broken_ = why + (faulty ? "!" : ""); };
    sinks.lateness = [this](bool late) { lateness_.push_back(late); };
    channel_->open(std::move(sinks));
  }
  ~ChannelTest() override {
    channel_->close("the test is over");
    poll();
  }

  void poll() {
    io_.restart();
    io_.poll();
  }
  /// Until this holds; a test that hangs is ended by its time limit.
  void run_until(const std::function<bool()>& holds) {
    while (!holds()) {
      io_.restart();
      io_.run_one();
    }
  }
  void ask(milliseconds limit) {
    asio::co_spawn(io_, channel_->request(control::Query{}, limit),
                   [this](const std::exception_ptr& failure, const control::Reply&) {
                     try {
                       if (failure) {
                         std::rethrow_exception(failure);
                       }
                       ++answered_;
                     } catch (const Error& error) {
                       failures_.push_back(error.code());
                     }
                   });
  }
  /// Serials of what the peer was sent since the last time.
  std::vector<std::uint32_t> asked() {
    std::vector<std::uint32_t> serials;
    while (control::receive(peer_.get(), reader_).value_or(false)) {
      for (auto frame = reader_.next(); frame && *frame; frame = reader_.next()) {
        serials.push_back((*frame)->serial);
      }
    }
    return serials;
  }
  void send(const control::OutgoingFrame& frame) {
    ASSERT_EQ(::send(peer_.get(), frame.bytes.data(), frame.bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(frame.bytes.size()));
  }
  void answer(std::uint32_t serial) { send(control::encode(control::Reply(control::Done{}), serial)); }

  asio::io_context io_{1};
  UniqueFd peer_;
  control::FrameReader reader_;
  std::shared_ptr<MonitorChannel> channel_;
  std::size_t answered_ = 0, events_ = 0;
  std::vector<ErrorCode> failures_;
  std::vector<bool> lateness_;
  std::string broken_;
};

TEST_F(ChannelTest, ALateAnswerIsDroppedAndBreaksNothing) {
  ask(milliseconds(1));
  run_until([this] { return failures_.size() == 1; });
  EXPECT_EQ(failures_, std::vector{ErrorCode::kOperationTimeout});
  EXPECT_TRUE(channel_->late());
  EXPECT_TRUE(channel_->owes_since());
  for (const std::uint32_t serial : asked()) {
    answer(serial);
  }
  run_until([this] { return lateness_.size() == 2; });
  EXPECT_EQ(lateness_, (std::vector{true, false}));
  EXPECT_FALSE(channel_->late());
  EXPECT_FALSE(channel_->owes_since());
  ask(std::chrono::hours(1));
  poll();
  const auto serials = asked();
  ASSERT_EQ(serials.size(), 1U);
  answer(serials[0]);
  run_until([this] { return answered_ == 1; });
  EXPECT_EQ(broken_, "");
}

TEST_F(ChannelTest, NoMoreThanSixteenRequestsAreUnanswered) {
  for (int i = 0; i < 20; ++i) {
    ask(std::chrono::hours(1));
  }
  poll();
  auto serials = asked();
  ASSERT_EQ(serials.size(), MonitorChannel::kMostUnanswered);
  answer(serials[0]);  // Makes room for one more
  run_until([this] { return answered_ == 1; });
  poll();
  EXPECT_EQ(asked().size(), 1U);
}

TEST_F(ChannelTest, WhoFindsNoRoomAmongTheUnansweredWaitsNoLongerThanHeSaid) {
  for (std::size_t i = 0; i < MonitorChannel::kMostUnanswered + 1; ++i) {
    ask(milliseconds(1));
  }
  run_until([this] { return failures_.size() == MonitorChannel::kMostUnanswered + 1; });
  EXPECT_EQ(asked().size(), MonitorChannel::kMostUnanswered);
  for (const ErrorCode code : failures_) {
    EXPECT_EQ(code, ErrorCode::kOperationTimeout);
  }
  EXPECT_EQ(broken_, "");
}

TEST_F(ChannelTest, WhoeverWaitsHearsOfTheEnd) {
  for (int i = 0; i < 20; ++i) {
    ask(std::chrono::hours(1));
  }
  poll();
  channel_->close("over");
  run_until([this] { return failures_.size() == 20; });
  EXPECT_EQ(failures_[19], ErrorCode::kInternal);
}

TEST_F(ChannelTest, AnAnswerThatNobodyAskedForBreaksItOff) {
  answer(7);
  run_until([this] { return !broken_.empty(); });
  EXPECT_EQ(broken_.back(), '!');
}

TEST_F(ChannelTest, ASecondAnswerToOneRequestBreaksItOff) {
  ask(milliseconds(1));
  run_until([this] { return failures_.size() == 1; });
  const auto serials = asked();
  ASSERT_EQ(serials.size(), 1U);
  answer(serials[0]);
  answer(serials[0]);
  run_until([this] { return !broken_.empty(); });
  EXPECT_EQ(broken_.back(), '!');
}

TEST_F(ChannelTest, EventsWithoutEndBreakItOff) {
  const Bytes event = control::encode(control::Event(control::ConsoleSilent{"x"})).bytes;
  std::size_t sent = 0;
  while (broken_.empty()) {
    while (::send(peer_.get(), event.data(), event.size(), MSG_NOSIGNAL | MSG_DONTWAIT) > 0) {
      ++sent;
    }
    poll();
  }
  EXPECT_EQ(broken_.back(), '!');
  EXPECT_GE(events_, 4096U) << "no monitor of ours ever sends so many";
  EXPECT_LE(events_, sent);
}

TEST_F(ChannelTest, AnEventOfALaterVersionIsSkipped) {
  control::OutgoingFrame frame = control::encode(control::Event(control::ConsoleSilent{"x"}));
  frame.bytes[11] = 99;  // Its type
  send(frame);
  answer(7);
  run_until([this] { return !broken_.empty(); });
  EXPECT_EQ(events_, 0U);
  EXPECT_NE(broken_.find("nobody asked for"), std::string::npos) << broken_;
}

TEST_F(ChannelTest, AnEndlessEventBreaksItOff) {
  send(control::encode(control::Event(control::ConsoleSilent{std::string(70000, 'x')})));
  run_until([this] { return !broken_.empty(); });
  EXPECT_EQ(broken_.back(), '!');
}

}  // namespace
}  // namespace virtsev::daemon
