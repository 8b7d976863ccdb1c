// SPDX-License-Identifier: LGPL-2.1-or-later
// A vCPU's thread runs, stands still and ends when it is told to, and never misses it.
#include "driver/vmm/run/vcpu_thread.hpp"

#include <atomic>
#include <csignal>
#include <future>

#include <gtest/gtest.h>
#include <poll.h>

#include "driver/vmm/bus/buses.hpp"
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

/// A guest in a string of port accesses, each of which KVM completes at the next run.
class StringOfPortAccesses : public FakeVcpu {
 public:
  explicit StringOfPortAccesses(int count) : left_(count) {}
  int run() override {
    ++entered;
    entered.notify_all();
    if (outstanding) {
      outstanding = false;
      ++completed;
    } else if (run_area().immediate_exit != 0) {
      return EINTR;
    }
    if (left_ == 0) {
      return EINTR;
    }
    --left_;
    outstanding = true;
    exit_port(KVM_EXIT_IO_OUT, 0x100, 1, 1);
    return 0;
  }
  std::atomic<int> entered{0};
  // Looked at while the thread stands still.
  int completed = 0;
  bool outstanding = false;

 private:
  int left_;
};

/// Calls back, in the middle of the exit's handling.
class CallingDevice : public BusDevice {
 public:
  void read(std::uint64_t, MutableBytes) override {}
  void write(std::uint64_t, ByteView) override { on_write(); }
  std::function<void()> on_write;
};

class VcpuThreadTest : public testing::Test {
 protected:
  Buses buses_{std::vector<BusRange>{{0xf0000000, 0x100000}}};
  NativeMode mode_;
  ExitHandler handler_{buses_, mode_};
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

TEST_F(VcpuThreadTest, StandsStillOnlyWhenKvmHasCompletedTheLastExit) {
  for (const int count : {1, 3}) {
    StringOfPortAccesses vcpu(count);
    Buses buses(std::vector<BusRange>{});
    CallingDevice device;
    const Bus::Attachment attachment = attach_or_throw(buses.ports, "calling", {0x100, 8}, device);
    const ExitHandler handler(buses, mode_);
    VcpuThread thread(0, vcpu, handler, on_end_);
    device.on_write = [&] { thread.request_pause(); };
    thread.resume();
    vcpu.entered.wait(0);
    thread.wait_until_still();
    EXPECT_FALSE(vcpu.outstanding);
    EXPECT_EQ(vcpu.completed, count);
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
