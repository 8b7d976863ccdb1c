// SPDX-License-Identifier: LGPL-2.1-or-later
// What makes a guest believe that it runs under SEV or SEV-ES.
#include "driver/vmm/simulated/simulated_sev.hpp"

#include "driver/boot/linux/boot_params.hpp"
#include "driver/vmm/simulated/ghcb.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {
namespace {

constexpr std::uint64_t kSevActive = 1U << 0;    // SEV_STATUS
constexpr std::uint64_t kSevEsActive = 1U << 1;  // SEV_STATUS
/// VMGEXIT is REP VMMCALL (AMD APM volume 3).
constexpr ByteArray<4> kVmgexit = {0xf3, 0x0f, 0x01, 0xd9};

}  // namespace

SimulatedSev::SimulatedSev(bool encrypted_state, std::uint32_t c_bit_position, StrictMemory& memory,
                           std::vector<CpuidEntries> cpuid)
    : encrypted_state_(encrypted_state),
      c_bit_position_(c_bit_position),
      memory_(memory),
      cpuid_(std::move(cpuid)),
      ghcb_(cpuid_.size(), ghcb_sev_info(c_bit_position)),
      held_(cpuid_.size()) {}

void SimulatedSev::read_register(Vcpu& vcpu, std::uint32_t id) {
  auto& access = vcpu.run_area().msr;
  access.error = 0;
  if (access.index == kSevStatusMsr) {
    access.data = kSevActive | (encrypted_state_ ? kSevEsActive : 0);
    if (status_reads_.fetch_add(1) + 1 == kSeparatingRead) {
      // The kernel still runs on its decompressor's page tables, whose root has no C-bit. Hardware reads page
      // tables as private memory whatever CR3 says; KVM reads them where CR3 says.
      vcpu.set_page_table_root_bits(memory_.c_bit());
      memory_.separate();
    }
  } else if (access.index == kGhcbMsr && encrypted_state_) {
    access.data = ghcb_[id];
  } else {
    access.error = 1;
  }
}

std::optional<GuestEnd> SimulatedSev::write_register(Vcpu& vcpu, std::uint32_t id) {
  kvm_run& area = vcpu.run_area();
  if (area.msr.index != kGhcbMsr || !encrypted_state_) {
    area.msr.error = 1;
    return std::nullopt;
  }
  const std::uint64_t value = area.msr.data;
  area.msr.error = 0;
  ghcb_[id] = value;

  // Lets KVM finish the WRMSR, and nothing after it, so that the instruction pointer stands behind it.
  // VMGEXIT follows there; left to KVM it would be a hypercall, and change RAX. The run loop clears
  // immediate_exit.
  area.immediate_exit = 1;
  (void)vcpu.run();
  const std::uint64_t next = vcpu.instruction_pointer();
  if (!at_vmgexit(vcpu, next)) {
    return std::nullopt;
  }
  const GhcbAnswer answer = serve_ghcb(value, c_bit_position_, memory_.unencrypted_view(), cpuid_[id]);
  if (answer.terminated && boot::is_reset_request(value)) {
    return GuestEnd{control::EndReason::kReset, {}};
  }
  if (answer.terminated) {
    return GuestEnd{control::EndReason::kPanic, *answer.terminated};
  }
  ghcb_[id] = answer.register_value.value_or(value);
  vcpu.set_instruction_pointer(next + kVmgexit.size());
  if (answer.hold) {
    // As a vCPU that was never started: KVM lets it wait for an INIT, and comes back to us after it.
    held_[id] = vcpu.save_registers();
    vcpu.set_mp_state(KVM_MP_STATE_UNINITIALIZED);
  }
  return std::nullopt;
}

void SimulatedSev::return_without_exit(Vcpu& vcpu, std::uint32_t id) {
  if (!held_[id] || vcpu.mp_state() == KVM_MP_STATE_UNINITIALIZED) {
    return;
  }
  // KVM has reset the vCPU. Under SEV-ES nobody can: the guest goes on behind its VMGEXIT, at the SIPI. The
  // INIT stands for it here, as a SIPI follows at once; KVM drops that, as the vCPU runs.
  vcpu.restore_registers(*held_[id]);
  held_[id].reset();
  vcpu.set_mp_state(KVM_MP_STATE_RUNNABLE);
  ghcb_[id] = end_ghcb_hold(ghcb_[id], memory_.unencrypted_view());
}

bool SimulatedSev::at_vmgexit(Vcpu& vcpu, std::uint64_t instruction_pointer) const {
  // Byte by byte: the instruction may cross a page.
  for (std::size_t i = 0; i < kVmgexit.size(); ++i) {
    const std::optional<GuestAddress> address = vcpu.translate(instruction_pointer + i);
    ByteArray<1> byte{};
    if (!address || !memory_.read_as_guest(*address, byte) || byte[0] != kVmgexit[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace virtsev::vmm
