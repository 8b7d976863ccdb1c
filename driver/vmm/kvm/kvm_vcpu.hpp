// SPDX-License-Identifier: LGPL-2.1-or-later
// A vCPU of KVM.
#pragma once

#include <vector>

#include "driver/control/messages.hpp"
#include "driver/vmm/kvm/kvm_vm.hpp"
#include "driver/vmm/kvm/vcpu.hpp"
#include "sevcore/launch/vcpu_state.hpp"

namespace virtsev::vmm {

class KvmVcpu final : public Vcpu {
 public:
  KvmVcpu(const KvmHost& host, const KvmVm& vm, std::uint32_t id);
  ~KvmVcpu() override;
  KvmVcpu(const KvmVcpu&) = delete;
  KvmVcpu& operator=(const KvmVcpu&) = delete;

  // Before the first run. All throw Error naming the ioctl that KVM refuses.
  void set_cpuid(const std::vector<kvm_cpuid_entry2>& entries);
  void set_msr(std::uint32_t index, std::uint64_t value);
  void set_state(const sevcore::VcpuState& state);
  /// The state as KVM has it.
  [[nodiscard]] sevcore::VcpuState state() const;

  // For a debugger, while the vCPU stands still between two instructions.
  [[nodiscard]] control::VcpuRegisters debug_registers();
  /// All but the selectors. Throws Error(kInvalidArgument), and nothing has changed, where KVM refuses them.
  void set_debug_registers(const control::VcpuRegisters& registers);

  int run() override;
  kvm_run& run_area() override { return *area_; }
  std::uint8_t* run_data(std::uint64_t offset, std::uint64_t size) override;
  std::uint64_t instruction_pointer() override;
  void set_instruction_pointer(std::uint64_t value) override;
  bool interrupts_enabled() override;
  std::optional<GuestAddress> translate(std::uint64_t linear) override;
  kvm_sregs special_registers() override;
  bool set_efer(std::uint64_t value) override;
  void single_step(bool on) override;
  void note_pause() override;
  std::uint32_t mp_state() override;
  void set_mp_state(std::uint32_t state) override;
  std::uint32_t local_apic(std::uint32_t offset) override;
  void set_local_apic(std::uint32_t offset, std::uint32_t value) override;
  SavedRegisters save_registers() override;
  void restore_registers(const SavedRegisters& saved) override;

 private:
  [[nodiscard]] kvm_regs registers() const;

  UniqueFd vcpu_;
  std::size_t area_size_;
  kvm_run* area_ = nullptr;
};

}  // namespace virtsev::vmm
