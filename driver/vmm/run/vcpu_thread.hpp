// SPDX-License-Identifier: LGPL-2.1-or-later
// The thread that runs one vCPU.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "driver/vmm/kvm/vcpu.hpp"
#include "driver/vmm/run/exit_handler.hpp"
#include "driver/vmm/run/guest_end.hpp"
#include "driver/vmm/run/standstill.hpp"

namespace virtsev::vmm {

/// Stands still at first. While it stands still, and only then, another thread may use the Vcpu, whose last
/// exit KVM has completed then, unless it ended the guest: its registers are those between two instructions.
class VcpuThread {
 public:
  /// All borrowed, and outlive this. `on_end` is called by this thread, which stands still from then on.
  /// `sandbox` is called by it before anything else; what it throws, this throws. `standstill`: what it heeds
  /// before each run, or null.
  VcpuThread(std::uint32_t id, Vcpu& vcpu, const ExitHandler& handler, OnGuestEnd on_end,
             std::function<void()> sandbox = {}, Standstill* standstill = nullptr);
  /// Stops the thread.
  ~VcpuThread();
  VcpuThread(const VcpuThread&) = delete;
  VcpuThread& operator=(const VcpuThread&) = delete;

  void resume();
  /// Asks the vCPU out of the guest; wait_until_still() waits for it. Two steps, so that many vCPUs stop at
  /// once.
  void request_pause();
  void wait_until_still();

  [[nodiscard]] std::uint64_t cpu_time_ns() const;
  [[nodiscard]] std::uint32_t thread_id() const { return thread_id_; }

 private:
  enum class Wanted : std::uint8_t { kStandStill, kRun, kStop };

  void loop();
  void run_until_stopped();
  bool enter_sandbox();
  bool wait_for_run();
  int enter_guest();
  std::optional<GuestEnd> run_once();
  void want(Wanted wanted);

  std::uint32_t id_;
  Vcpu& vcpu_;
  const ExitHandler& handler_;
  OnGuestEnd on_end_;
  std::function<void()> sandbox_;
  std::exception_ptr sandbox_failure_;
  Standstill* standstill_;
  std::function<void()> kick_;                // brings the thread out of the guest
  std::optional<Standstill::Member> member_;  // the thread's own

  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<Wanted> wanted_{Wanted::kStandStill};
  bool exit_outstanding_ = false;  // the thread's own: KVM completes the last exit at the next KVM_RUN
  bool still_ = false;
  bool ended_ = false;
  std::uint32_t thread_id_ = 0;
  std::thread thread_;
};

}  // namespace virtsev::vmm
