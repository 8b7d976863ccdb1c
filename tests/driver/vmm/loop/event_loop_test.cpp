// SPDX-License-Identifier: LGPL-2.1-or-later
// A loop calls for what happens at descriptors, and never for a source that has gone.
#include "driver/vmm/loop/event_loop.hpp"

#include <optional>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "driver/vmm/loop/timer.hpp"

namespace virtsev::vmm::test {
namespace {

using std::chrono::milliseconds;

/// Readable from the start.
UniqueFd readable() { return UniqueFd(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK)); }
UniqueFd not_readable() { return UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

class EventLoopTest : public testing::Test {
 protected:
  EventLoop loop_;
  int calls_ = 0;
};

TEST_F(EventLoopTest, CallsForWhatHappens) {
  const UniqueFd event = readable();
  std::uint32_t seen = 0;
  const EventLoop::Source source = loop_.watch(event.get(), EPOLLIN, [&](std::uint32_t events) {
    seen = events;
    loop_.stop();
  });
  loop_.run();
  EXPECT_EQ(seen, static_cast<std::uint32_t>(EPOLLIN));
}

TEST_F(EventLoopTest, WatchesForWhatASourceIsChangedTo) {
  const UniqueFd event = not_readable();
  const EventLoop::Source source = loop_.watch(event.get(), EPOLLIN, [&](std::uint32_t events) {
    EXPECT_EQ(events, static_cast<std::uint32_t>(EPOLLOUT));
    loop_.stop();
  });
  source.change(EPOLLOUT);
  loop_.run();
}

TEST_F(EventLoopTest, ASourceMayGoInItsOwnCallback) {
  const UniqueFd event = readable();
  EventLoop::Source source = loop_.watch(event.get(), EPOLLIN, [&](std::uint32_t) {
    ++calls_;
    source = {};
  });
  Timer end(loop_, [&] { loop_.stop(); });
  end.set(milliseconds(20));
  loop_.run();
  EXPECT_EQ(calls_, 1);
}

TEST_F(EventLoopTest, ASourceThatAnotherCallbackTakesAwayIsNotCalled) {
  const UniqueFd event = readable();
  const UniqueFd other = readable();
  EventLoop::Source one;
  EventLoop::Source two;
  one = loop_.watch(event.get(), EPOLLIN, [&](std::uint32_t) {
    ++calls_;
    two = {};
  });
  two = loop_.watch(other.get(), EPOLLIN, [&](std::uint32_t) {
    ++calls_;
    one = {};
  });
  loop_.run_once();
  Timer end(loop_, [&] { loop_.stop(); });
  end.set(milliseconds(1));
  const int before = calls_;
  EXPECT_EQ(before, 1);
  one = {};
  two = {};
  loop_.run();
  EXPECT_EQ(calls_, before);
}

TEST_F(EventLoopTest, ANumberThatIsUsedAgainIsAnotherSource) {
  UniqueFd event = not_readable();
  const int number = event.get();
  EventLoop::Source gone = loop_.watch(number, EPOLLIN, [&](std::uint32_t) { FAIL() << "it had gone"; });
  gone = {};
  event = readable();
  ASSERT_EQ(::dup2(event.get(), number), number);
  const UniqueFd again(number == event.get() ? -1 : number);
  const EventLoop::Source source = loop_.watch(number, EPOLLIN, [&](std::uint32_t) { ++calls_; });
  loop_.run_once();
  EXPECT_EQ(calls_, 1);
}

TEST_F(EventLoopTest, ADescriptorThatCantBeWatchedIsRefused) {
  EXPECT_THROW((void)loop_.watch(-1, EPOLLIN, [](std::uint32_t) {}), std::system_error);
}

TEST_F(EventLoopTest, ATimerGoesOffOnceAndCanBeSetAgain) {
  Timer timer(loop_, [&] {
    if (++calls_ < 3) {
      timer.set(milliseconds(1));
    } else {
      loop_.stop();
    }
  });
  timer.set(milliseconds(1));
  loop_.run();
  EXPECT_EQ(calls_, 3);
}

TEST_F(EventLoopTest, ATimerThatIsNotSetAgainGoesOffOnce) {
  Timer once(loop_, [&] { ++calls_; });
  Timer end(loop_, [&] { loop_.stop(); });
  once.set(std::chrono::nanoseconds(1));
  end.set(milliseconds(20));
  loop_.run();
  EXPECT_EQ(calls_, 1);
}

TEST_F(EventLoopTest, ATimerThatHasExpiredAndIsSwitchedOffBeforeItsTurnDoesNotGoOff) {
  using Clock = std::chrono::steady_clock;  // As timers count
  Timer late(loop_, [&] { ++calls_; });
  const UniqueFd event = readable();
  EventLoop::Source first = loop_.watch(event.get(), EPOLLIN, [&](std::uint32_t) {
    late.set(std::chrono::nanoseconds(1));
    for (const auto begin = Clock::now(); Clock::now() - begin < milliseconds(2);) {
    }
    late.set({});
    first = {};
  });
  loop_.run_once();
  Timer end(loop_, [&] { loop_.stop(); });
  end.set(milliseconds(20));
  loop_.run();
  EXPECT_EQ(calls_, 0);
}

TEST_F(EventLoopTest, ATimerThatIsOffNeverGoesOff) {
  Timer off(loop_, [&] { ++calls_; });
  Timer end(loop_, [&] { loop_.stop(); });
  off.set(milliseconds(5));
  off.set({});
  end.set(milliseconds(30));
  loop_.run();
  EXPECT_EQ(calls_, 0);
}

}  // namespace
}  // namespace virtsev::vmm::test
