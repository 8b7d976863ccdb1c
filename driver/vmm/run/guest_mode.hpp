// SPDX-License-Identifier: LGPL-2.1-or-later
// What a vCPU's exits mean where that depends on who makes the guest's SEV: the processor and KVM, or
// simulation. The exit handler knows no more of either.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "driver/vmm/kvm/vcpu.hpp"
#include "driver/vmm/run/guest_end.hpp"
#include "driver/vmm/run/standstill.hpp"

namespace virtsev::vmm {

/// Of a guest whose registers hardware encrypts (SEV-ES): what KVM gives for them is no state of the guest's.
struct HiddenState {
  bool shutdown_may_be_einval = false;  ///< How this kernel may tell a triple fault
};
/// Before Linux 6.7 KVM_RUN fails with EINVAL where such a guest has a triple fault (KVM can't reset its
/// VMSA), as it does for requests of a guest that it does not serve; from then on the exit is
/// KVM_EXIT_SHUTDOWN (commit bc3d7c5570a0), which stable series before it have got late, too. `release`:
/// utsname's.
bool shutdown_may_be_einval(std::string_view release);

/// Each vCPU's thread calls for its own vCPU, several at once. All throw Error where the guest can't go on.
class GuestMode {
 public:
  virtual ~GuestMode() = default;

  /// All vCPUs in the order of their ids, before any of them runs; they outlive their threads. What their
  /// threads heed between two runs; null: nothing.
  virtual Standstill* take_vcpus(std::vector<Vcpu*> /*vcpus*/) { return nullptr; }
  /// In the place of KVM_RUN, and its result, for a vCPU that can't run beside the others now; none: it can.
  /// `kick` brings its thread out of the guest, and is called by others.
  virtual std::optional<int> run_alone(Vcpu& /*vcpu*/, std::uint32_t /*id*/,
                                       const std::function<void()>& /*kick*/) {
    return std::nullopt;
  }
  /// KVM_RUN came back with an exit, which is handled next.
  virtual void see_exit(Vcpu& /*vcpu*/, std::uint32_t /*id*/) {}
  /// KVM_RUN failed with EFAULT. False where that is none of the guest's doing; else: run again.
  virtual bool resolve_fault(Vcpu& /*vcpu*/, std::uint32_t /*id*/) { return false; }
  /// KVM_EXIT_DEBUG. False where nobody asked for it.
  virtual bool finish_step(Vcpu& /*vcpu*/, std::uint32_t /*id*/) { return false; }
  /// KVM_EXIT_MMIO: the device's address that is meant; none where it was memory, which is served then.
  virtual std::optional<GuestAddress> device_address(Vcpu& vcpu, std::uint32_t /*id*/) {
    return GuestAddress(vcpu.run_area().mmio.phys_addr);
  }

  /// KVM_EXIT_IO that stands for another instruction. False: it is an access to ports. An end, where the
  /// guest can't go on.
  virtual bool take_port(Vcpu& /*vcpu*/, std::uint32_t /*id*/, std::optional<GuestEnd>& /*end*/) {
    return false;
  }

  /// KVM_EXIT_X86_RDMSR.
  virtual void read_register(Vcpu& vcpu, std::uint32_t id) = 0;
  /// KVM_EXIT_X86_WRMSR. An end, where the guest can't go on.
  virtual std::optional<GuestEnd> write_register(Vcpu& vcpu, std::uint32_t id) = 0;
  /// KVM_RUN came back without an exit: after a signal, or because a vCPU that waited was woken.
  virtual void return_without_exit(Vcpu& vcpu, std::uint32_t id) = 0;
  /// None where the guest's registers can be read.
  [[nodiscard]] virtual std::optional<HiddenState> hidden_state() const = 0;
};

/// A guest on hardware, or without SEV: the processor and KVM do all of it. Registers that KVM leaves to us
/// all the same are refused (#GP).
class NativeMode final : public GuestMode {
 public:
  explicit NativeMode(std::optional<HiddenState> hidden = std::nullopt) : hidden_(hidden) {}
  void read_register(Vcpu& vcpu, std::uint32_t id) override;
  std::optional<GuestEnd> write_register(Vcpu& vcpu, std::uint32_t id) override;
  void return_without_exit(Vcpu&, std::uint32_t) override {}
  [[nodiscard]] std::optional<HiddenState> hidden_state() const override { return hidden_; }

 private:
  std::optional<HiddenState> hidden_;
};

}  // namespace virtsev::vmm
