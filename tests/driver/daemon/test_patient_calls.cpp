// SPDX-License-Identifier: LGPL-2.1-or-later
// Calls that hang: a file server that is gone stops its own domain's start, and nothing else.
#include <future>
#include <mutex>

#include <asio/post.hpp>
#include <libvirt/libvirt.h>

#include "driver/daemon/loop/latch.hpp"
#include "driver/daemon/loop/patient_calls.hpp"
#include "sevcore/base/error.hpp"
#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

/// Something that hangs until the test lets go, at its end at the latest. A thread may begin with it when the
/// test, and the loop, are over.
class Hang {
 public:
  ~Hang() {
    let_go();
    const std::lock_guard lock(state_->mutex);
    state_->over = true;
  }
  /// Shows in the loop, too, that it has begun: whoever waits there looks again.
  std::function<void()> work(asio::io_context& loop) {
    return [state = state_, &loop] {
      {
        // Whoever sees it counted may end the loop.
        const std::lock_guard lock(state->mutex);
        ++state->entered;
        if (!state->over) {
          asio::post(loop, [] {});
        }
      }
      state->end.wait();
    };
  }
  void let_go() {
    if (!std::exchange(gone_, true)) {
      state_->promise.set_value();
    }
  }
  [[nodiscard]] int entered() const {
    const std::lock_guard lock(state_->mutex);
    return state_->entered;
  }

 private:
  struct State {
    std::promise<void> promise;
    std::shared_future<void> end = promise.get_future().share();
    std::mutex mutex;
    int entered = 0;
    bool over = false;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
  bool gone_ = false;
};

class Calls : public HypervisorTest {
 protected:
  PatientCalls calls_{loop()};
  Latch never_{loop().get_executor()};
};

TEST_F(Calls, WhatIsThrownReachesTheCaller) {
  std::function<void()> work = [] { throw Error(ErrorCode::kSystemError, "no such file"); };
  const auto error = error_of(calls_.run(work, never_));
  ASSERT_TRUE(error);
  EXPECT_STREQ("no such file", error->what());
}

TEST_F(Calls, ManyThatHangStopNoOther) {
  Hang hang;
  for (std::size_t i = 0; i + 1 < PatientCalls::kMost; ++i) {
    begin([&]() -> asio::awaitable<void> { co_await calls_.run(hang.work(loop()), never_); });
  }
  bool ran = false;
  std::function<void()> work = [&ran] { ran = true; };
  EXPECT_TRUE(wait(calls_.run(work, never_)));
  EXPECT_TRUE(ran);
}

TEST_F(Calls, TooManyThatHangAreRefusedUntilSomeReturn) {
  Hang hang;
  std::size_t returned = 0;
  for (std::size_t i = 0; i < PatientCalls::kMost; ++i) {
    begin([&]() -> asio::awaitable<void> {
      co_await calls_.run(hang.work(loop()), never_);
      ++returned;
    });
  }
  std::function<void()> nothing = [] {};
  const auto error = error_of(calls_.run(nothing, never_));
  ASSERT_TRUE(error);
  EXPECT_EQ(ErrorCode::kResourceBusy, error->code());
  hang.let_go();
  wait_until([&] { return returned == PatientCalls::kMost; });
  EXPECT_TRUE(wait(calls_.run(nothing, never_)));
}

TEST_F(Calls, WhoGivesUpDoesNotWait) {
  Hang hang;
  Latch give_up(loop().get_executor());
  std::optional<bool> came_back;
  begin([&]() -> asio::awaitable<void> { came_back = co_await calls_.run(hang.work(loop()), give_up); });
  wait_until([&] { return hang.entered() == 1; });
  EXPECT_FALSE(came_back);
  give_up.fire();
  wait_until([&] { return came_back.has_value(); });
  EXPECT_FALSE(*came_back);
}

TEST_F(Calls, TheLoopMayEndBeforeThem) {
  std::promise<void> over;
  Hang hang;
  {
    asio::io_context io{1};
    PatientCalls calls(io);
    Latch never(io.get_executor());
    std::function<void()> work = [&over, end = hang.work(io)] {
      end();
      over.set_value();
    };
    asio::co_spawn(
        io, [&]() -> asio::awaitable<void> { co_await calls.run(std::move(work), never); },
        [](const std::exception_ptr&) {});
    while (hang.entered() == 0) {
      io.poll();
    }
  }
  hang.let_go();
  over.get_future().wait();
}

/// Domains whose kernels lie on a server that does not answer.
class DeadServer : public HypervisorTest {
 protected:
  DeadServer() {
    configuration_.open_machine = [this](const domain_xml::DomainDefinition& definition) {
      if (definition.name.starts_with("dead")) {
        hang_.work(loop())();
      }
      return spec::open_machine(definition);
    };
    restart();
  }
  /// `failures_` counts the starts that came back with an error.
  void begin_start(const DomainHandle& domain) {
    begin([this, domain]() -> asio::awaitable<void> {
      try {
        co_await driver().start(domain.uuid, 0, 1);
      } catch (const Error& error) {
        failures_.push_back(error.code());
      }
    });
  }

  Hang hang_;
  std::vector<ErrorCode> failures_;
};

TEST_F(DeadServer, StopsNoDefinitionAndNoOtherStart) {
  for (int i = 0; i < 4; ++i) {
    begin_start(define({.name = "dead" + std::to_string(i)}));
  }
  wait_until([this] { return hang_.entered() == 4; });
  const DomainHandle other = define({.name = "other"});
  start(other);
  wait(driver().destroy(other.uuid, 0));
  wait(driver().undefine(other.uuid, 0));
  EXPECT_TRUE(failures_.empty());
}

TEST_F(DeadServer, DestroyEndsAStartThatHangsThere) {
  const DomainHandle domain = define({.name = "dead"});
  begin_start(domain);
  wait_until([this] { return hang_.entered() == 1; });
  wait(driver().destroy(domain.uuid, 0));
  wait_until([this] { return failures_.size() == 1; });
  EXPECT_EQ(ErrorCode::kOperationAborted, failures_[0]);
  EXPECT_EQ(VIR_DOMAIN_SHUTOFF, driver().state(domain.uuid).state);
  hang_.let_go();
  start(domain);
  EXPECT_EQ(VIR_DOMAIN_RUNNING, driver().state(domain.uuid).state);
}

}  // namespace
}  // namespace virtsev::daemon
