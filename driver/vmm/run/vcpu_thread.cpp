// SPDX-License-Identifier: LGPL-2.1-or-later
// The thread that runs one vCPU.
#include "driver/vmm/run/vcpu_thread.hpp"

#include <csignal>
#include <ctime>
#include <string>

#include <pthread.h>
#include <unistd.h>

#include "sevcore/base/error.hpp"

namespace virtsev::vmm {
namespace {

/// The signal that brings a vCPU out of KVM_RUN.
int kick_signal() { return SIGRTMIN; }

thread_local kvm_run* this_threads_area = nullptr;

/// A signal that arrives just before KVM_RUN would be lost without immediate_exit
/// (Documentation/virt/kvm/api.rst, "immediate_exit").
void on_kick(int) {
  if (this_threads_area != nullptr) {
    __atomic_store_n(&this_threads_area->immediate_exit, std::uint8_t{1}, __ATOMIC_RELAXED);
  }
}

void install_kick_handler() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action {};
    action.sa_handler = on_kick;
    ::sigaction(kick_signal(), &action, nullptr);
  });
}

}  // namespace

VcpuThread::VcpuThread(std::uint32_t id, Vcpu& vcpu, const ExitHandler& handler, OnGuestEnd on_end,
                       std::function<void()> sandbox, Standstill* standstill)
    : id_(id),
      vcpu_(vcpu),
      handler_(handler),
      on_end_(std::move(on_end)),
      sandbox_(std::move(sandbox)),
      standstill_(standstill) {
  install_kick_handler();
  thread_ = std::thread([this] { loop(); });
  wait_until_still();
  if (sandbox_failure_) {
    thread_.join();
    std::rethrow_exception(sandbox_failure_);
  }
}

VcpuThread::~VcpuThread() {
  want(Wanted::kStop);
  thread_.join();
}

void VcpuThread::resume() { want(Wanted::kRun); }

void VcpuThread::request_pause() { want(Wanted::kStandStill); }

void VcpuThread::want(Wanted wanted) {
  {
    const std::lock_guard lock(mutex_);
    wanted_ = wanted;
  }
  changed_.notify_all();
  if (wanted != Wanted::kRun) {
    ::pthread_kill(thread_.native_handle(), kick_signal());
  }
}

void VcpuThread::wait_until_still() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return still_; });
}

std::uint64_t VcpuThread::cpu_time_ns() const {
  clockid_t clock{};
  timespec time{};
  const std::thread::native_handle_type handle = const_cast<std::thread&>(thread_).native_handle();
  if (::pthread_getcpuclockid(handle, &clock) != 0 || ::clock_gettime(clock, &time) != 0) {
    return 0;
  }
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

/// False: the thread is to end.
bool VcpuThread::wait_for_run() {
  std::unique_lock lock(mutex_);
  still_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return wanted_ == Wanted::kStop || (wanted_ == Wanted::kRun && !ended_); });
  if (wanted_ == Wanted::kStop) {
    return false;
  }
  still_ = false;
  return true;
}

int VcpuThread::enter_guest() {
  if (!member_) {
    return vcpu_.run();
  }
  if (const std::optional<int> result = handler_.run_alone(vcpu_, id_, kick_)) {
    return *result;
  }
  const Standstill::Visit visit(*member_);
  return vcpu_.run();
}

std::optional<GuestEnd> VcpuThread::run_once() {
  try {
    const int error_number = enter_guest();
    exit_outstanding_ = error_number == 0;
    return error_number == 0 ? handler_.handle(vcpu_, id_)
                             : handler_.handle_failure(vcpu_, id_, error_number);
  } catch (const Error& error) {
    return GuestEnd{control::EndReason::kError, error.what()};
  }
}

/// False: it could not, and the thread is to end.
bool VcpuThread::enter_sandbox() {
  try {
    if (sandbox_) {
      sandbox_();
    }
    return true;
  } catch (...) {
    const std::lock_guard lock(mutex_);
    sandbox_failure_ = std::current_exception();
    still_ = true;
  }
  changed_.notify_all();
  return false;
}

void VcpuThread::loop() {
  ::pthread_setname_np(::pthread_self(), ("vcpu" + std::to_string(id_)).c_str());
  thread_id_ = static_cast<std::uint32_t>(::gettid());
  if (!enter_sandbox()) {
    return;
  }
  this_threads_area = &vcpu_.run_area();
  if (standstill_ != nullptr) {
    kick_ = [self = ::pthread_self()] { ::pthread_kill(self, kick_signal()); };
    member_.emplace(*standstill_, kick_);
  }
  run_until_stopped();
  member_.reset();
}

void VcpuThread::run_until_stopped() {
  while (true) {
    // In this order: a request that comes after the look at wanted_ sets immediate_exit again, by the signal.
    __atomic_store_n(&vcpu_.run_area().immediate_exit, std::uint8_t{0}, __ATOMIC_RELAXED);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (wanted_ != Wanted::kRun) {
      if (exit_outstanding_) {
        // What an access reads goes to the guest's registers, and the instruction pointer moves on, at the
        // next KVM_RUN alone; with immediate_exit nothing follows it (Documentation/virt/kvm/api.rst,
        // KVM_RUN). A string of accesses exits again, up to 1024 times before KVM lets go of it.
        __atomic_store_n(&vcpu_.run_area().immediate_exit, std::uint8_t{1}, __ATOMIC_RELAXED);
      } else if (!wait_for_run()) {
        return;
      }
    }
    if (std::optional<GuestEnd> end = run_once()) {
      {
        const std::lock_guard lock(mutex_);
        ended_ = true;
      }
      on_end_(std::move(*end));
      if (!wait_for_run()) {
        return;
      }
    }
  }
}

}  // namespace virtsev::vmm
