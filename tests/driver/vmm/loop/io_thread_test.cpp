// SPDX-License-Identifier: LGPL-2.1-or-later
// Sources of a loop that another thread runs.
#include "driver/vmm/loop/io_thread.hpp"

#include <array>
#include <atomic>
#include <future>
#include <optional>
#include <stdexcept>

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

namespace virtsev::vmm::test {
namespace {

class IoThreadTest : public testing::Test {
 protected:
  UniqueFd event_{::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK)};  // Readable
};

TEST_F(IoThreadTest, CallsOnItsOwnThread) {
  IoThread io("disks");
  std::promise<std::string> told;
  std::atomic<bool> once = true;
  const EventLoop::Source source = io.loop().watch(event_.get(), EPOLLIN, [&](std::uint32_t) {
    if (once.exchange(false)) {
      std::array<char, 16> name{};
      ::pthread_getname_np(::pthread_self(), name.data(), name.size());
      told.set_value(name.data());
    }
  });
  EXPECT_EQ(told.get_future().get(), "disks");
}

TEST_F(IoThreadTest, ASourceGoesOnlyWhenItsCallbackHasEnded) {
  IoThread io("io");
  std::promise<void> begun;
  std::atomic<bool> go_on = false;
  std::atomic<bool> ended = false;
  bool first = true;
  std::optional<EventLoop::Source> source = io.loop().watch(event_.get(), EPOLLIN, [&](std::uint32_t) {
    if (std::exchange(first, false)) {
      begun.set_value();
      go_on.wait(false);
    }
    ended = true;
  });
  begun.get_future().get();
  std::thread other([&] {
    source.reset();
    EXPECT_TRUE(ended);
  });
  go_on = true;
  go_on.notify_all();
  other.join();
}

TEST_F(IoThreadTest, SourcesComeAndGoWhileItRuns) {
  IoThread io("io");
  std::atomic<int> calls = 0;
  for (int round = 0; round < 2000; ++round) {
    const auto watched = std::make_shared<std::atomic<bool>>(true);
    std::optional<EventLoop::Source> source =
        io.loop().watch(event_.get(), EPOLLIN, [&calls, watched](std::uint32_t) {
          EXPECT_TRUE(*watched);
          ++calls;
          EXPECT_TRUE(*watched);
        });
    if (round % 100 == 0) {
      const int before = calls;
      while (calls == before) {
        std::this_thread::yield();
      }
    }
    source.reset();
    *watched = false;
  }
  EXPECT_GE(calls, 20);
}

TEST_F(IoThreadTest, EndsWhileItIsBusy) {
  IoThread io("io");
  const EventLoop::Source source = io.loop().watch(event_.get(), EPOLLIN, [](std::uint32_t) {});
}

TEST_F(IoThreadTest, ASandboxThatFailsIsToldToWhoeverMakesIt) {
  EXPECT_THROW(IoThread("io", [] { throw std::runtime_error("no sandbox"); }), std::runtime_error);
}

}  // namespace
}  // namespace virtsev::vmm::test
