// SPDX-License-Identifier: LGPL-2.1-or-later
// What makes a guest believe that it runs under SEV or SEV-ES: the two model specific registers that it asks,
// VMGEXIT, and private and shared memory. Guest memory stays readable by the host: this simulates the
// interface, not the protection.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "driver/vmm/kvm/cpuid.hpp"
#include "driver/vmm/kvm/kvm_vm.hpp"
#include "driver/vmm/kvm/vcpu.hpp"
#include "driver/vmm/run/guest_mode.hpp"
#include "driver/vmm/simulated/ghcb.hpp"
#include "driver/vmm/simulated/simulated_apic.hpp"
#include "driver/vmm/simulated/strict_memory.hpp"
#include "driver/vmm/simulated/view_keeper.hpp"

namespace virtsev::vmm {

class SimulatedSev final : public GuestMode {
 public:
  /// AMD APM volume 2, sections 15.34.10 and 15.35.7.
  static constexpr std::uint32_t kGhcbMsr = 0xc0010130;
  static constexpr std::uint32_t kSevStatusMsr = 0xc0010131;
  /// The same, section 3.1.7: paging with a C-bit comes after it is written.
  static constexpr std::uint32_t kEferMsr = 0xc0000080;
  /// What has to become exits.
  static constexpr std::array kMsrs = {KvmVm::MsrRange{kGhcbMsr, 2}, KvmVm::MsrRange{kEferMsr, 1, true}};

  /// `cpuid`: each vCPU's leaves. `memory` outlives this. `send`: a message that interrupts vCPUs
  /// (KvmVm::send_message()).
  SimulatedSev(bool encrypted_state, std::uint32_t c_bit_position, StrictMemory& memory,
               std::vector<CpuidEntries> cpuid, SimulatedApic::Send send = {});

  Standstill* take_vcpus(std::vector<Vcpu*> vcpus) override { return view_.take_vcpus(std::move(vcpus)); }
  std::optional<int> run_alone(Vcpu& vcpu, std::uint32_t id, const std::function<void()>& kick) override {
    return view_.run_alone(vcpu, id, kick);
  }
  void see_exit(Vcpu& vcpu, std::uint32_t id) override { view_.see_exit(vcpu, id); }
  /// Only for the registers above; others get #GP.
  void read_register(Vcpu& vcpu, std::uint32_t id) override;
  /// Of the GHCB register: serves the VMGEXIT that follows, and a request that stands in the register itself
  /// where none follows, too: firmware has both in functions of their own.
  std::optional<GuestEnd> write_register(Vcpu& vcpu, std::uint32_t id) override;
  /// A vCPU that is held goes on behind its VMGEXIT, if another one has started it again.
  void return_without_exit(Vcpu& vcpu, std::uint32_t id) override;
  bool resolve_fault(Vcpu& vcpu, std::uint32_t id) override;
  bool finish_step(Vcpu& vcpu, std::uint32_t id) override { return view_.go_on_stepping(vcpu, id); }
  /// Of a device that is mapped with C-bit, the address without it. KVM's emulator gives memory that is
  /// nothing yet as a device's.
  std::optional<GuestAddress> device_address(Vcpu& vcpu, std::uint32_t id) override;
  /// A VMGEXIT of firmware that was replaced (vmgexit_patch.hpp).
  bool take_port(Vcpu& vcpu, std::uint32_t id, std::optional<GuestEnd>& end) override;
  [[nodiscard]] std::optional<HiddenState> hidden_state() const override { return std::nullopt; }

 private:
  void write_efer(Vcpu& vcpu, std::uint32_t id);
  std::optional<GuestEnd> write_ghcb(Vcpu& vcpu, std::uint32_t id);
  std::optional<GuestEnd> serve_vmgexit(Vcpu& vcpu, std::uint32_t id, std::uint64_t value);
  std::optional<GuestEnd> serve_register_alone(Vcpu& vcpu, std::uint32_t id, std::uint64_t value);
  void watch_page(Vcpu& vcpu, std::uint32_t id);

  bool encrypted_state_;
  std::uint32_t c_bit_position_;
  StrictMemory& memory_;
  std::vector<CpuidEntries> cpuid_;
  ViewKeeper view_;
  SimulatedApic apic_;
  // Each vCPU's, touched by its own thread alone.
  std::vector<std::uint64_t> ghcb_;
  std::vector<std::optional<SavedRegisters>> held_;
  std::vector<std::uint8_t> waits_for_vector_;  ///< Held by firmware: it goes on where the SIPI says
};

}  // namespace virtsev::vmm
