// SPDX-License-Identifier: LGPL-2.1-or-later
// One guest: a machine, and where it came from.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "driver/control/messages.hpp"
#include "driver/vmm/debug/memory_access.hpp"
#include "driver/vmm/guest/kvm_machine.hpp"
#include "driver/vmm/guest/make_platform.hpp"
#include "driver/vmm/launch/launch_protocol.hpp"

namespace virtsev::vmm {

/// The I/O thread's; `on_end` is called by vCPUs' threads, too.
class Guest {
 public:
  /// Makes the machine, loads it, and launches it up to LAUNCH_MEASURE; the vCPUs stand still. The
  /// descriptors in `start` are borrowed; those of console and log as long as this lives, all others until
  /// this returns: /dev/kvm and what launches alone need is closed then. `loop` looks after the console.
  /// Throws Error; nothing is left behind then.
  Guest(const control::Start& start, EventLoop& loop, OnGuestEnd on_end,
        const ThreadSandboxes& sandboxes = {}, const PlatformMaker& platform_maker = make_platform,
        const Launch::OnProgress& on_progress = {});
  ~Guest();
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  [[nodiscard]] const control::LaunchReport& report() const { return report_; }
  [[nodiscard]] bool has_run() const { return has_run_; }
  [[nodiscard]] bool is_running() const { return machine_->is_running(); }

  /// Throws Error(kOperationInvalid) once the guest has run, and where the firmware refuses the secret; the
  /// guest is as it was then.
  void inject_secret(const control::InjectSecret& secret);
  /// The first time: LAUNCH_FINISH before it. Nothing to do while it runs.
  void resume();
  /// Returns when all vCPUs stand still.
  void pause() { machine_->stop(); }
  /// Throws Error(kInvalidArgument) where there is no interface of this id.
  void set_link(const std::string& id, bool up);
  // Devices that come and go, as Board has them.

  /// Throws Error, and nothing has changed. The device borrows its descriptors.
  void attach(const spec::DeviceDescription& device);
  void detach(const std::string& id) { machine_->board().detach(id); }
  /// Called by the I/O thread, when all of the device has gone.
  void on_removed(std::function<void(const std::string& id)> removed) {
    machine_->board().on_removed(std::move(removed));
  }
  void press_power_button() { machine_->panel().press_power_button(); }
  /// The guest has sent a byte to its console.
  [[nodiscard]] bool has_spoken() const { return machine_->panel().has_spoken(); }
  /// When the guest has ended, and stands still: devices hand on what they still have.
  void finish() { machine_->finish(); }

  /// What its disks and interfaces have moved.
  void add_figures(control::Status& status) const;
  [[nodiscard]] std::vector<std::uint64_t> vcpu_times_ns() const { return machine_->vcpu_times_ns(); }
  [[nodiscard]] std::vector<std::uint32_t> vcpu_thread_ids() const { return machine_->vcpu_thread_ids(); }
  /// Where each vCPU stands, for people; halts a running guest for that moment.
  std::string describe_vcpus() { return machine_->describe_vcpus(); }

  // For debuggers, as far as the guest's policy lets them: debug/memory_access.hpp. What needs vCPUs that
  // stand still halts a running guest for that moment. All throw Error; for a vCPU that does not exist,
  // Error(kInvalidArgument).
  Bytes read_memory(const control::ReadMemory& what);
  void write_memory(const control::WriteMemory& what);
  control::VcpuRegisters read_registers(std::uint32_t vcpu);
  void write_registers(const control::WriteRegisters& what);
  [[nodiscard]] control::MemoryRanges list_memory();

 private:
  void make_machine(const control::Start& start, const KvmHost& host, const sevcore::LaunchPlan& plan,
                    const Launch::OnProgress& on_progress);
  void launch(const control::Start& start, const sevcore::LaunchPlan& plan);
  [[nodiscard]] std::vector<CpuidEntries> cpuid_of_vcpus(const control::Start& start,
                                                         const KvmHost& host) const;
  MemoryAccess memory_access();

  std::unique_ptr<Platform> platform_;  // null: an ordinary guest
  std::optional<KvmMachine> machine_;
  std::unique_ptr<sevcore::SevVm> sev_vm_;
  std::unique_ptr<LaunchProtocol> launch_;  // Where it came from
  control::LaunchReport report_;
  bool has_run_ = false;
};

}  // namespace virtsev::vmm
