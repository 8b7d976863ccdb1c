// SPDX-License-Identifier: LGPL-2.1-or-later
// A machine of KVM: memory, buses, devices, vCPUs. What is in its memory and registers when it first runs is
// its origin's: today a launch (launch/launch_protocol.hpp).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "driver/vmm/guest/board.hpp"
#include "driver/vmm/kvm/cpuid.hpp"
#include "driver/vmm/kvm/kvm_interrupts.hpp"
#include "driver/vmm/kvm/kvm_vcpu.hpp"
#include "driver/vmm/loop/io_thread.hpp"
#include "driver/vmm/memory/machine_memory.hpp"
#include "driver/vmm/run/exit_handler.hpp"
#include "driver/vmm/run/vcpu_thread.hpp"

namespace virtsev::vmm {

/// What each of a machine's threads calls first (sandbox/system_calls.hpp); may be empty.
struct ThreadSandboxes {
  std::function<void()> vcpu;
  std::function<void()> device;
};

/// The I/O thread's. vCPUs' threads use what exit handler and devices let them.
class KvmMachine {
 public:
  /// `type`: KVM_CREATE_VM's argument.
  KvmMachine(const KvmHost& host, unsigned long type, std::unique_ptr<MachineMemory> memory);
  ~KvmMachine();
  KvmMachine(const KvmMachine&) = delete;
  KvmMachine& operator=(const KvmMachine&) = delete;

  // It is made in these steps, each once and in this order. What its origin does to it comes in between, as
  // the kernel's SEV interface wants it. All throw Error.
  /// `size`: of all RAM.
  void plug_memory(std::uint64_t size);
  /// One vCPU for each list of leaves, in the state that it has after a reset.
  void add_vcpus(const KvmHost& host, const std::vector<CpuidEntries>& cpuid);
  struct Wiring {
    EventLoop& loop;  ///< For devices' sources
    std::unique_ptr<GuestMode> mode;
    OnGuestEnd on_end;
    ThreadSandboxes sandboxes;
    std::vector<DeviceOptions> devices;
  };
  /// Devices, a thread for those on PCI where there are any, and one for each vCPU, which stands still.
  void wire(Wiring wiring);

  KvmVm& vm() { return vm_; }
  [[nodiscard]] const MachineMemory& memory() const { return *memory_; }
  /// Throws Error(kInvalidArgument) where there is none.
  KvmVcpu& vcpu(std::uint32_t id);
  [[nodiscard]] std::vector<sevcore::VcpuState> vcpu_states() const;
  [[nodiscard]] const Panel& panel() const { return board_->panel(); }
  [[nodiscard]] DeviceFigures device_figures() const { return board_->figures(); }
  [[nodiscard]] std::vector<std::string> plugged() const { return board_->plugged(); }
  /// False: it has no interface of this id.
  bool set_link(const std::string& id, bool up) { return board_->set_link(id, up); }
  /// Devices that come and go while the guest runs, as there.
  Board& board() { return *board_; }
  /// When the guest has ended, and stands still: devices hand on what they still have.
  void finish() { board_->finish(); }

  [[nodiscard]] bool is_running() const { return running_; }
  void start();
  /// Returns when all vCPUs stand still.
  void stop();
  /// Tells the guest's clocks that it stood still.
  void note_pause();
  /// Halts a machine that runs for that moment.
  void while_still(const std::function<void()>& action);

  [[nodiscard]] std::vector<std::uint64_t> vcpu_times_ns() const;
  [[nodiscard]] std::vector<std::uint32_t> vcpu_thread_ids() const;
  /// Where each vCPU stands, for people.
  std::string describe_vcpus();

 private:
  void start_vcpus();
  void stop_vcpus();

  KvmVm vm_;
  std::unique_ptr<MachineMemory> memory_;
  MemoryMap map_;
  std::vector<std::unique_ptr<KvmVcpu>> vcpus_;
  KvmInterrupts interrupts_;
  std::unique_ptr<GuestMode> mode_;
  std::optional<IoThread> device_thread_;  // None where no device needs it
  std::optional<Board> board_;
  std::optional<ExitHandler> handler_;
  std::vector<std::unique_ptr<VcpuThread>> threads_;
  bool running_ = false;
};

}  // namespace virtsev::vmm
