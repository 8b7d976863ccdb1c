// SPDX-License-Identifier: LGPL-2.1-or-later
// The host's end of a port: a socket with one client at a time, and a terminal.
#include "driver/vmm/devices/host_end.hpp"

#include <csignal>

#include <gtest/gtest.h>
#include <pty.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "driver/vmm/loop/wakeup.hpp"
#include "tests/driver/vmm/devices/port_socket.hpp"

namespace virtsev::vmm::test {
namespace {

class HostEndTest : public testing::Test {
 protected:
  HostEndTest() {
    std::signal(SIGPIPE, SIG_IGN);
    end_.open(loop_, {[this] { ++readable_; }, [this] { ++writable_; }, [this] { ++changes_; }});
  }
  /// All that has happened; a turn of the loop waits for nothing.
  void settle() {
    for (int i = 0; i < 4; ++i) {
      always_.signal();
      loop_.run_once();
    }
  }
  std::size_t write(std::string_view text) {
    std::string copy(text);
    const iovec piece{copy.data(), copy.size()};
    return end_.write({&piece, 1});
  }
  std::string read() {
    std::string into(64, 0);
    const iovec piece{into.data(), into.size()};
    into.resize(end_.read({&piece, 1}));
    return into;
  }

  PortSocket socket_;
  EventLoop loop_;
  Wakeup always_{loop_, [] {}};
  int readable_ = 0;
  int writable_ = 0;
  int changes_ = 0;
  HostEnd end_{{-1, socket_.listener()}};
};

TEST_F(HostEndTest, AClientIsThereFromItsConnectionOn) {
  EXPECT_FALSE(end_.is_connected());
  EXPECT_EQ(write("lost"), 0U);
  const UniqueFd client = socket_.connect();
  settle();
  EXPECT_TRUE(end_.is_connected());
  EXPECT_EQ(changes_, 1);
  EXPECT_EQ(write("hello"), 5U);
  EXPECT_EQ(received(client), "hello");
}

TEST_F(HostEndTest, WhatComesWaitsUntilItIsWanted) {
  const UniqueFd client = socket_.connect();
  settle();
  ASSERT_EQ(::write(client.get(), "ask", 3), 3);
  settle();
  EXPECT_EQ(readable_, 0);
  end_.want_input(true);
  settle();
  EXPECT_GT(readable_, 0);
  EXPECT_EQ(read(), "ask");
  EXPECT_EQ(read(), "");
  EXPECT_TRUE(end_.is_connected());
}

TEST_F(HostEndTest, ASecondClientHasItsTurnWhenTheFirstHasGone) {
  UniqueFd first = socket_.connect();
  settle();
  const UniqueFd second = socket_.connect();
  ASSERT_EQ(::write(second.get(), "second", 6), 6);
  settle();
  end_.want_input(true);
  settle();
  EXPECT_EQ(read(), "");
  first.reset();
  settle();
  EXPECT_EQ(read(), "");
  settle();
  EXPECT_TRUE(end_.is_connected());
  EXPECT_EQ(read(), "second");
}

TEST_F(HostEndTest, AClientThatLeavesUnheardIsNoticed) {
  UniqueFd client = socket_.connect();
  settle();
  client.reset();
  settle();
  EXPECT_FALSE(end_.is_connected());
  EXPECT_EQ(changes_, 2);
}

TEST_F(HostEndTest, AClientThatDoesNotReadTakesWhatTheKernelHasRoomForAndNoMore) {
  const UniqueFd client = socket_.connect();
  settle();
  const std::string much(1U << 16, 'x');
  std::size_t taken = 0;
  for (std::size_t now = 1; now > 0 && taken < (8U << 20); taken += now) {
    now = write(much);
  }
  EXPECT_LT(taken, 8U << 20);
  end_.want_room(true);
  settle();
  EXPECT_EQ(writable_, 0);
  while (!received(client).empty()) {
  }
  settle();
  EXPECT_GT(writable_, 0);
}

TEST_F(HostEndTest, ATerminalIsAlwaysThereAndIsReadAfterAHangUpToo) {
  int master = -1;
  int slave = -1;
  ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  const UniqueFd ours(master);
  UniqueFd theirs(slave);
  char name[64];
  ASSERT_EQ(::ptsname_r(master, name, sizeof name), 0);
  ASSERT_EQ(::fcntl(master, F_SETFL, O_NONBLOCK), 0);
  HostEnd terminal{{master, -1}};
  int heard = 0;
  terminal.open(loop_, {[&] { ++heard; }, [] {}, [] {}});
  terminal.want_input(true);
  EXPECT_TRUE(terminal.is_connected());
  theirs.reset();
  settle();
  theirs = UniqueFd(::open(name, O_RDWR | O_NOCTTY));
  ASSERT_EQ(::write(theirs.get(), "again\n", 6), 6);
  await_input(master);
  settle();
  EXPECT_GT(heard, 0);
  terminal.close();
  EXPECT_FALSE(terminal.is_connected());
}

}  // namespace
}  // namespace virtsev::vmm::test
