// SPDX-License-Identifier: LGPL-2.1-or-later
// One vCPU as the run loop sees it; behind it is KVM (kvm_vcpu.hpp) or, in tests, a fake.
#pragma once

#include <cstdint>
#include <optional>

#include <linux/kvm.h>

#include "sevcore/base/guest_address.hpp"

namespace virtsev::vmm {

/// What an INIT takes from a vCPU.
struct SavedRegisters {
  kvm_regs general{};
  kvm_sregs special{};
};

class Vcpu {
 public:
  virtual ~Vcpu() = default;

  /// KVM_RUN: 0 after an exit that run_area() tells of, else errno; EINTR after a signal or with
  /// immediate_exit set.
  virtual int run() = 0;
  /// Shared with the kernel.
  virtual kvm_run& run_area() = 0;
  /// The data of a port access, which lies in the same mapping behind the structure.
  virtual std::uint8_t* run_data(std::uint64_t offset, std::uint64_t size) = 0;

  virtual std::uint64_t instruction_pointer() = 0;
  virtual void set_instruction_pointer(std::uint64_t value) = 0;
  /// RFLAGS.IF.
  virtual bool interrupts_enabled() = 0;
  /// Through the guest's page tables; nothing where it maps nothing there.
  virtual std::optional<GuestAddress> translate(std::uint64_t linear) = 0;
  /// Any thread, as long as this one is not in run().
  virtual kvm_sregs special_registers() = 0;
  /// What the guest may write to EFER; LMA stays as it is. False, and nothing has changed, where KVM refuses
  /// the value.
  [[nodiscard]] virtual bool set_efer(std::uint64_t value) = 0;
  /// Whether each instruction becomes an exit (KVM_EXIT_DEBUG). To be set again at each of them: KVM forgets
  /// it where it emulates one.
  virtual void single_step(bool on) = 0;
  /// Tells the guest's clock that it stood still (KVM_KVMCLOCK_CTRL): its watchdogs stay calm, and KVM writes
  /// the clock's page once more. Any thread; nothing to do for a guest without that clock.
  virtual void note_pause() = 0;
  /// KVM_MP_STATE_*.
  virtual std::uint32_t mp_state() = 0;
  virtual void set_mp_state(std::uint32_t state) = 0;
  /// A register of the local APIC, by its offset in the APIC's page (KVM_GET_LAPIC, KVM_SET_LAPIC).
  virtual std::uint32_t local_apic(std::uint32_t offset) = 0;
  /// Writes it, with whatever follows from its value; not EOI or ICR, which are commands.
  virtual void set_local_apic(std::uint32_t offset, std::uint32_t value) = 0;
  virtual SavedRegisters save_registers() = 0;
  virtual void restore_registers(const SavedRegisters& saved) = 0;
};

}  // namespace virtsev::vmm
