// SPDX-License-Identifier: LGPL-2.1-or-later
// vCPUs' threads that stop each other, alone and while the I/O thread pauses and stops them.
#include "driver/vmm/run/standstill.hpp"

#include <atomic>
#include <csignal>
#include <memory>
#include <thread>

#include <gtest/gtest.h>
#include <poll.h>

#include "driver/vmm/bus/buses.hpp"
#include "driver/vmm/run/vcpu_thread.hpp"
#include "sevcore/base/error.hpp"
#include "tests/driver/vmm/fake_vcpu.hpp"

namespace virtsev::vmm::test {
namespace {

/// How many threads are in the guest.
std::atomic<int> inside{0};

/// A guest that stays inside until it is called out, or that faults at once.
class StandstillVcpu : public FakeVcpu {
 public:
  explicit StandstillVcpu(bool faults) : faults_(faults) {}
  int run() override {
    ++inside;
    if (!faults_) {
      wait();
    }
    --inside;
    ++left;
    left.notify_all();
    return faults_ ? EFAULT : EINTR;
  }
  std::atomic<int> left{0};

 private:
  /// As the kernel does it: the signal is let in only together with the look at immediate_exit.
  void wait() {
    sigset_t kick{};
    ::sigemptyset(&kick);
    ::sigaddset(&kick, SIGRTMIN);
    sigset_t before{};
    ::pthread_sigmask(SIG_BLOCK, &kick, &before);
    if (__atomic_load_n(&run_area().immediate_exit, __ATOMIC_RELAXED) == 0) {
      ::ppoll(nullptr, 0, nullptr, &before);
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  bool faults_;
};

/// A fault has all vCPUs stand still.
class StandstillMode final : public GuestMode {
 public:
  void read_register(Vcpu&, std::uint32_t) override {}
  std::optional<GuestEnd> write_register(Vcpu&, std::uint32_t) override { return std::nullopt; }
  void return_without_exit(Vcpu&, std::uint32_t) override {}
  bool resolve_fault(Vcpu&, std::uint32_t) override {
    if (standstill.run_alone([this] {
          in_guest += inside;
          ++standing;
        })) {
      standing.notify_all();
    } else {
      ++retries;
    }
    return true;
  }
  [[nodiscard]] std::optional<HiddenState> hidden_state() const override { return std::nullopt; }

  Standstill standstill;
  std::atomic<int> standing{0};
  std::atomic<int> in_guest{0};
  std::atomic<int> retries{0};
};

class StandstillTest : public testing::Test {
 protected:
  void start(std::initializer_list<bool> faulting) {
    for (const bool faults : faulting) {
      vcpus_.push_back(std::make_unique<StandstillVcpu>(faults));
      threads_.push_back(std::make_unique<VcpuThread>(
          vcpus_.size() - 1, *vcpus_.back(), handler_, [](const GuestEnd&) {}, [] {}, &mode_.standstill));
    }
    resume();
  }
  void resume() {
    for (const auto& thread : threads_) {
      thread->resume();
    }
  }
  void pause() {
    for (const auto& thread : threads_) {
      thread->request_pause();
    }
    for (const auto& thread : threads_) {
      thread->wait_until_still();
    }
  }
  void await_standstills(int count) {
    for (int now = mode_.standing; now < count; now = mode_.standing) {
      mode_.standing.wait(now);
    }
  }

  Buses buses_{std::vector<BusRange>{}};
  StandstillMode mode_;
  ExitHandler handler_{buses_, mode_};
  std::vector<std::unique_ptr<StandstillVcpu>> vcpus_;
  std::vector<std::unique_ptr<VcpuThread>> threads_;
};

TEST_F(StandstillTest, EveryOtherVcpuIsOutsideWhileOneActs) {
  start({true, false, false, false});
  await_standstills(200);
  vcpus_[1]->left.wait(0);  // It has been in the guest, and called out of it
  pause();
  EXPECT_EQ(mode_.in_guest, 0);
}

TEST_F(StandstillTest, VcpusThatFaultAtTheSameTimeTakeTurns) {
  start({true, true, true, false});
  await_standstills(500);
  pause();
  EXPECT_EQ(mode_.in_guest, 0);
  EXPECT_EQ(inside, 0);
}

TEST_F(StandstillTest, PausesThatComeAtAnyMomentAreNotLost) {
  start({true, false, true});
  for (int round = 0; round < 500; ++round) {
    pause();
    ASSERT_EQ(inside, 0);
    const int before = mode_.standing;
    resume();
    if (round % 10 == 0) {
      await_standstills(before + 1);
    }
  }
  EXPECT_EQ(mode_.in_guest, 0);
}

TEST_F(StandstillTest, ThreadsEndWhileOthersStopThem) {
  for (int round = 0; round < 50; ++round) {
    start({true, false, true});
    threads_.clear();
    vcpus_.clear();
  }
  EXPECT_EQ(mode_.in_guest, 0);
}

TEST_F(StandstillTest, AVcpuThatStandsStillIsNotWaitedFor) {
  start({true, false});
  threads_[1]->request_pause();
  threads_[1]->wait_until_still();
  const int before = mode_.standing;
  await_standstills(before + 10);
  threads_[1]->resume();
  await_standstills(mode_.standing + 10);
  pause();
  EXPECT_EQ(mode_.in_guest, 0);
}

TEST(Standstill, WhoComesWhileAnotherActsIsToldThatNothingWasDoneOrComesAfterIt) {
  Standstill standstill;
  std::atomic<bool> acting{false};
  std::atomic<bool> may_end{false};
  std::thread first([&] {
    EXPECT_TRUE(standstill.run_alone([&] {
      acting = true;
      acting.notify_all();
      may_end.wait(false);
      acting = false;
    }));
  });
  acting.wait(false);
  std::thread second([&] {
    bool done = false;
    const bool alone = standstill.run_alone([&] {
      done = true;
      EXPECT_FALSE(acting) << "not alone";
    });
    EXPECT_EQ(alone, done);
  });
  may_end = true;
  may_end.notify_all();
  first.join();
  second.join();
}

TEST(Standstill, AnActionThatLastsIsAskedForItsEndByWhoWaits) {
  Standstill standstill;
  std::atomic<bool> acting{false};
  std::atomic<bool> asked{false};
  std::thread first([&] {
    standstill.run_alone(
        [&] {
          acting = true;
          acting.notify_all();
          asked.wait(false);
        },
        [&] {
          asked = true;
          asked.notify_all();
        });
  });
  acting.wait(false);
  Standstill::Member member(standstill, [] {});
  { const Standstill::Visit visit(member); }
  EXPECT_TRUE(asked);
  first.join();
}

TEST(Standstill, EndsWithAnErrorOfTheActionToo) {
  Standstill standstill;
  Standstill::Member member(standstill, [] {});
  EXPECT_THROW(standstill.run_alone([] { throw Error(ErrorCode::kInternal, "no"); }), Error);
  const Standstill::Visit visit(member);  // would wait for ever
}

}  // namespace
}  // namespace virtsev::vmm::test
