// SPDX-License-Identifier: LGPL-2.1-or-later
// What makes a guest believe that it runs under SEV or SEV-ES.
#include "driver/vmm/simulated/simulated_sev.hpp"

#include <algorithm>

#include "driver/boot/linux/boot_params.hpp"
#include "driver/vmm/simulated/vmgexit.hpp"
#include "driver/vmm/simulated/vmgexit_patch.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::vmm {
namespace {

constexpr std::uint64_t kSevActive = 1U << 0;    // SEV_STATUS
constexpr std::uint64_t kSevEsActive = 1U << 1;  // SEV_STATUS

GuestEnd end_of(std::uint64_t request, std::string why) {
  if (boot::is_reset_request(request)) {
    return {control::EndReason::kReset, {}};
  }
  return {control::EndReason::kPanic, std::move(why)};
}

}  // namespace

SimulatedSev::SimulatedSev(bool encrypted_state, std::uint32_t c_bit_position, StrictMemory& memory,
                           std::vector<CpuidEntries> cpuid, SimulatedApic::Send send)
    : encrypted_state_(encrypted_state),
      c_bit_position_(c_bit_position),
      memory_(memory),
      cpuid_(std::move(cpuid)),
      view_(memory, cpuid_.size()),
      apic_(static_cast<std::uint32_t>(cpuid_.size()), std::move(send)),
      ghcb_(cpuid_.size(), ghcb_sev_info(c_bit_position)),
      held_(cpuid_.size()),
      waits_for_vector_(cpuid_.size()) {}

void SimulatedSev::read_register(Vcpu& vcpu, std::uint32_t id) {
  auto& access = vcpu.run_area().msr;
  access.error = 0;
  if (access.index == kSevStatusMsr) {
    access.data = kSevActive | (encrypted_state_ ? kSevEsActive : 0);
  } else if (access.index == kGhcbMsr && encrypted_state_) {
    access.data = ghcb_[id];
  } else {
    access.error = 1;
  }
}

std::optional<GuestEnd> SimulatedSev::write_register(Vcpu& vcpu, std::uint32_t id) {
  auto& access = vcpu.run_area().msr;
  access.error = 0;
  std::optional<GuestEnd> end;
  if (access.index == kEferMsr) {
    write_efer(vcpu, id);
  } else if (access.index == kGhcbMsr && encrypted_state_) {
    end = write_ghcb(vcpu, id);
  } else {
    access.error = 1;
  }
  return end;
}

void SimulatedSev::write_efer(Vcpu& vcpu, std::uint32_t id) {
  auto& access = vcpu.run_area().msr;
  if (!view_.write_efer(vcpu, id, access.data)) {
    access.error = 1;
    return;
  }
  view_.finish_instruction(vcpu, id);
  (void)view_.go_on_stepping(vcpu, id);
}

std::optional<GuestEnd> SimulatedSev::write_ghcb(Vcpu& vcpu, std::uint32_t id) {
  const std::uint64_t value = vcpu.run_area().msr.data;
  ghcb_[id] = value;
  // VMGEXIT follows there; left to KVM it would be a hypercall, and change RAX.
  view_.finish_instruction(vcpu, id);
  const bool follows = at_vmgexit(vcpu, [&](GuestAddress from, MutableBytes to) {
    const GuestMemory* const memory = view_.find_memory(vcpu, id, from);
    return memory != nullptr && memory->read(memory_.without_c_bit(from), to);
  });
  const std::optional<GuestEnd> end =
      follows ? serve_vmgexit(vcpu, id, value) : serve_register_alone(vcpu, id, value);
  if (!end) {
    (void)view_.go_on_stepping(vcpu, id);
  }
  return end;
}

std::optional<GuestEnd> SimulatedSev::serve_vmgexit(Vcpu& vcpu, std::uint32_t id, std::uint64_t value) {
  const GhcbAnswer answer = serve_ghcb(value, c_bit_position_, memory_.shared_memory(), cpuid_[id]);
  if (answer.terminated) {
    return end_of(value, *answer.terminated);
  }
  ghcb_[id] = answer.register_value.value_or(value);
  vcpu.set_instruction_pointer(vcpu.instruction_pointer() + kVmgexit.size());
  if (answer.hold) {
    // As a vCPU that was never started: KVM lets it wait for an INIT, and comes back to us after it.
    held_[id] = vcpu.save_registers();
    view_.set_held(id, true);
    vcpu.set_mp_state(KVM_MP_STATE_UNINITIALIZED);
  }
  return std::nullopt;
}

std::optional<GuestEnd> SimulatedSev::serve_register_alone(Vcpu& vcpu, std::uint32_t id,
                                                           std::uint64_t value) {
  if (!is_ghcb_msr_request(value)) {
    watch_page(vcpu, id);
    return std::nullopt;
  }
  const GhcbAnswer answer = serve_ghcb(value, c_bit_position_, memory_.shared_memory(), cpuid_[id]);
  if (answer.terminated) {
    return end_of(value, *answer.terminated);
  }
  ghcb_[id] = answer.register_value.value_or(value);
  return std::nullopt;
}

/// Firmware names its page once, and executes VMGEXIT in functions of its own later, which no exit tells: so
/// the page is closed until it is used.
void SimulatedSev::watch_page(Vcpu& vcpu, std::uint32_t id) {
  const GuestAddress page(ghcb_[id]);
  if (page.value() != 0 && page.value() % kPageSize == 0 &&
      memory_.shared_memory().contains(page, kPageSize) && memory_.view().everything().contains(page)) {
    view_.close(vcpu, id, page);
  }
}

bool SimulatedSev::take_port(Vcpu& vcpu, std::uint32_t id, std::optional<GuestEnd>& end) {
  const auto& io = vcpu.run_area().io;
  if (!encrypted_state_ || io.port != kVmgexitPort || io.direction != KVM_EXIT_IO_OUT ||
      !at_vmgexit_patch(vcpu, memory_.private_memory())) {
    return false;
  }
  view_.finish_instruction(vcpu, id);
  if (!ghcb_waits_for_vmgexit(ghcb_[id])) {
    return true;
  }
  const GhcbAnswer answer = serve_ghcb(ghcb_[id], c_bit_position_, memory_.shared_memory(), cpuid_[id]);
  if (answer.terminated) {
    end = end_of(ghcb_[id], *answer.terminated);
    return true;
  }
  ghcb_[id] = answer.register_value.value_or(ghcb_[id]);
  watch_page(vcpu, id);
  if (answer.hold) {
    // As a vCPU that was never started: firmware's, and Linux's, INIT and SIPI say where it goes on.
    waits_for_vector_[id] = 1;
    view_.set_held(id, true);
    vcpu.set_mp_state(KVM_MP_STATE_UNINITIALIZED);
  }
  return true;
}

void SimulatedSev::return_without_exit(Vcpu& vcpu, std::uint32_t id) {
  if (waits_for_vector_[id] != 0 && vcpu.mp_state() != KVM_MP_STATE_UNINITIALIZED) {
    waits_for_vector_[id] = 0;
    view_.set_held(id, false);
  }
  if (!held_[id] || vcpu.mp_state() == KVM_MP_STATE_UNINITIALIZED) {
    return;
  }
  // KVM has reset the vCPU. Under SEV-ES nobody can: the guest goes on behind its VMGEXIT, at the SIPI. The
  // INIT stands for it here, as a SIPI follows at once; KVM drops that, as the vCPU runs.
  vcpu.restore_registers(*held_[id]);
  held_[id].reset();
  view_.set_held(id, false);
  vcpu.set_mp_state(KVM_MP_STATE_RUNNABLE);
  ghcb_[id] = end_ghcb_hold(ghcb_[id], memory_.shared_memory());
}

bool SimulatedSev::resolve_fault(Vcpu& vcpu, std::uint32_t id) {
  if (view_.resolve_fault(vcpu, id) && encrypted_state_) {
    patch_vmgexits(vcpu, memory_.private_memory());
  }
  return true;
}

std::optional<GuestAddress> SimulatedSev::device_address(Vcpu& vcpu, std::uint32_t id) {
  auto& mmio = vcpu.run_area().mmio;
  const GuestAddress given(mmio.phys_addr);
  const GuestAddress address = memory_.without_c_bit(given);
  const MutableBytes data = MutableBytes(mmio.data).first(std::min<std::size_t>(mmio.len, sizeof(mmio.data)));
  if (layout::kLocalApic.start <= address && address < layout::kLocalApic.end()) {
    // KVM's own is where there is no C-bit.
    apic_.access(vcpu, id, address - layout::kLocalApic.start, mmio.is_write != 0, data);
    return std::nullopt;
  }
  if (!memory_.private_memory().contains(address, data.size())) {
    return address;
  }
  if (memory_.is_firmware_at(address)) {
    return std::nullopt;  // A write, which its image takes no notice of
  }
  const GuestMemory* const memory = view_.find_memory(vcpu, id, given);
  const bool done =
      memory != nullptr && (mmio.is_write == 0 ? memory->read(address, data) : memory->write(address, data));
  if (!done) {
    throw Error(ErrorCode::kOperationFailed,
                text("vCPU {} used memory at {:#x}, which its page tables do not map", id, given.value()));
  }
  return std::nullopt;
}

}  // namespace virtsev::vmm
