// SPDX-License-Identifier: LGPL-2.1-or-later
// A vCPU's thread runs, stands still and ends when it is told to, and never misses it.
#include "driver/vmm/run/vcpu_thread.hpp"

#include <atomic>
#include <csignal>
#include <future>

#include <gtest/gtest.h>
#include <poll.h>

#include "driver/vmm/devices/port_bus.hpp"
#include "sevcore/base/error.hpp"
#include "tests/driver/vmm/fake_vcpu.hpp"

namespace virtsev::vmm::test {
namespace {

/// A guest that never exits by itself: run() returns for immediate_exit or a signal alone, as KVM_RUN does.
class BusyVcpu : public FakeVcpu {
 public:
  int run() override {
    ++entered;
    entered.notify_all();
    // As the kernel does it: the signal is let in only together with the look at immediate_exit.
    sigset_t kick{};
    ::sigemptyset(&kick);
    ::sigaddset(&kick, SIGRTMIN);
    sigset_t before{};
    ::pthread_sigmask(SIG_BLOCK, &kick, &before);
    if (__atomic_load_n(&run_area().immediate_exit, __ATOMIC_RELAXED) == 0) {
      ::ppoll(nullptr, 0, nullptr, &before);
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return EINTR;
  }
  std::atomic<int> entered{0};
};

class VcpuThreadTest : public testing::Test {
 protected:
  PortBus ports_;
  ExitHandler handler_{ports_, nullptr};
  std::promise<GuestEnd> ended_;
  OnGuestEnd on_end_ = [this](GuestEnd end) { ended_.set_value(std::move(end)); };
};

TEST_F(VcpuThreadTest, StandsStillAtFirst) {
  BusyVcpu vcpu;
  VcpuThread thread(0, vcpu, handler_, on_end_);
  thread.wait_until_still();
  EXPECT_EQ(vcpu.entered, 0);
  EXPECT_NE(thread.thread_id(), 0U);
}

TEST_F(VcpuThreadTest, LeavesAGuestThatNeverExitsWhenAskedTo) {
  BusyVcpu vcpu;
  VcpuThread thread(0, vcpu, handler_, on_end_);
  for (int round = 0; round < 200; ++round) {
    const int before = vcpu.entered;
    thread.resume();
    vcpu.entered.wait(before);
    thread.request_pause();
    thread.wait_until_still();
    const int still = vcpu.entered;
    EXPECT_GT(still, before);
  }
}

TEST_F(VcpuThreadTest, APauseThatComesBeforeTheGuestIsEnteredIsNotLost) {
  BusyVcpu vcpu;
  VcpuThread thread(0, vcpu, handler_, on_end_);
  for (int round = 0; round < 2000; ++round) {
    thread.resume();
    thread.request_pause();
    thread.wait_until_still();
  }
}

TEST_F(VcpuThreadTest, EndsWhileTheGuestRuns) {
  BusyVcpu vcpu;
  {
    VcpuThread thread(0, vcpu, handler_, on_end_);
    thread.resume();
    vcpu.entered.wait(0);
  }
  EXPECT_GE(vcpu.entered, 1);
}

TEST_F(VcpuThreadTest, TellsTheGuestsEndAndRunsItNoMore) {
  FakeVcpu vcpu;
  vcpu.then([](FakeVcpu& self) {
    self.exit_with(KVM_EXIT_SHUTDOWN);
    return 0;
  });
  VcpuThread thread(0, vcpu, handler_, on_end_);
  thread.resume();
  EXPECT_EQ(ended_.get_future().get().reason, control::EndReason::kPanic);
  thread.wait_until_still();
  thread.resume();
  thread.request_pause();
  thread.wait_until_still();
  EXPECT_EQ(vcpu.runs, 1);
}

TEST_F(VcpuThreadTest, AnErrorInAHandlerEndsTheGuestAlone) {
  FakeVcpu vcpu;
  vcpu.then([](FakeVcpu&) -> int { throw Error(ErrorCode::kInternal, "KVM said no"); });
  VcpuThread thread(0, vcpu, handler_, on_end_);
  thread.resume();
  const GuestEnd end = ended_.get_future().get();
  EXPECT_EQ(end.reason, control::EndReason::kError);
  EXPECT_EQ(end.text, "KVM said no");
}

TEST_F(VcpuThreadTest, CountsItsCpuTime) {
  BusyVcpu vcpu;
  const VcpuThread thread(0, vcpu, handler_, on_end_);
  EXPECT_GT(thread.cpu_time_ns(), 0U);
}

}  // namespace
}  // namespace virtsev::vmm::test
