// SPDX-License-Identifier: LGPL-2.1-or-later
// A vCPU of KVM.
#include "driver/vmm/kvm/kvm_vcpu.hpp"

#include <cstddef>

#include <sys/mman.h>

#include "driver/vmm/kvm/counted_list.hpp"
#include "driver/vmm/kvm/ioctl.hpp"
#include "driver/vmm/kvm/registers.hpp"

namespace virtsev::vmm {
namespace {

constexpr std::uint32_t kMsrPat = 0x277;           // AMD APM volume 2, appendix A
constexpr std::uint32_t kMsrEfer = 0xc0000080;     // The same
constexpr std::uint64_t kInterruptFlag = 1U << 9;  // RFLAGS.IF

/// The argument of KVM_GET_MSRS and KVM_SET_MSRS for one register.
CountedList<kvm_msr_entry> one_msr(std::uint32_t index, std::uint64_t value) {
  kvm_msr_entry entry{};
  entry.index = index;
  entry.data = value;
  return CountedList<kvm_msr_entry>(std::span(&entry, 1));
}

}  // namespace

KvmVcpu::KvmVcpu(const KvmHost& host, const KvmVm& vm, std::uint32_t id)
    : vcpu_(vm.create_vcpu(id)), area_size_(host.run_area_size()) {
  void* area = ::mmap(nullptr, area_size_, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu_.get(), 0);
  if (area == MAP_FAILED) {
    throw_kvm_error("mmap", errno);
  }
  area_ = static_cast<kvm_run*>(area);
}

KvmVcpu::~KvmVcpu() { ::munmap(area_, area_size_); }

void KvmVcpu::set_cpuid(const std::vector<kvm_cpuid_entry2>& entries) {
  CountedList<kvm_cpuid_entry2> list(entries);
  checked_ioctl(vcpu_.get(), kSetCpuid2, list.argument(), "KVM_SET_CPUID2");
}

void KvmVcpu::set_msr(std::uint32_t index, std::uint64_t value) {
  CountedList<kvm_msr_entry> msr = one_msr(index, value);
  if (checked_ioctl(vcpu_.get(), kSetMsrs, msr.argument(), "KVM_SET_MSRS") != 1) {
    throw Error(ErrorCode::kInternal, text("KVM refused the value {:#x} for register {:#x}", value, index));
  }
}

void KvmVcpu::set_state(const sevcore::VcpuState& state) {
  kvm_sregs special{};
  kvm_regs general{};
  checked_ioctl(vcpu_.get(), KVM_GET_SREGS, &special, "KVM_GET_SREGS");
  put_state(state, special, general);
  checked_ioctl(vcpu_.get(), KVM_SET_SREGS, &special, "KVM_SET_SREGS");
  checked_ioctl(vcpu_.get(), KVM_SET_REGS, &general, "KVM_SET_REGS");
  set_msr(kMsrPat, state.g_pat);
}

sevcore::VcpuState KvmVcpu::state() const {
  kvm_sregs special{};
  checked_ioctl(vcpu_.get(), KVM_GET_SREGS, &special, "KVM_GET_SREGS");
  CountedList<kvm_msr_entry> pat = one_msr(kMsrPat, 0);
  checked_ioctl(vcpu_.get(), kGetMsrs, pat.argument(), "KVM_GET_MSRS");
  return take_state(special, registers(), pat.entries()[0].data);
}

control::VcpuRegisters KvmVcpu::debug_registers() {
  const SavedRegisters now = save_registers();
  return to_control(now.special, now.general);
}

void KvmVcpu::set_debug_registers(const control::VcpuRegisters& registers) {
  SavedRegisters now = save_registers();
  // Only where it must be: KVM refuses some states that a guest can be in, such as a 64-bit code segment that
  // was loaded before long mode.
  if (put_registers(registers, now.special, now.general) &&
      retried_ioctl(vcpu_.get(), KVM_SET_SREGS, &now.special) < 0) {
    throw Error(
        ErrorCode::kInvalidArgument,
        text("KVM refused the registers (KVM_SET_SREGS: {}), and none is changed; check CR0, CR3, CR4 "
             "and EFER, which must fit each other and the guest's processor",
             std::strerror(errno)));
  }
  checked_ioctl(vcpu_.get(), KVM_SET_REGS, &now.general, "KVM_SET_REGS");
}

kvm_regs KvmVcpu::registers() const {
  kvm_regs general{};
  checked_ioctl(vcpu_.get(), KVM_GET_REGS, &general, "KVM_GET_REGS");
  return general;
}

int KvmVcpu::run() { return ::ioctl(vcpu_.get(), KVM_RUN, 0UL) < 0 ? errno : 0; }

std::uint8_t* KvmVcpu::run_data(std::uint64_t offset, std::uint64_t size) {
  if (offset > area_size_ || size > area_size_ - offset) {
    throw_kvm_error("KVM_EXIT_IO", EOVERFLOW);
  }
  return reinterpret_cast<std::uint8_t*>(area_) + offset;
}

std::uint64_t KvmVcpu::instruction_pointer() { return registers().rip; }

void KvmVcpu::set_instruction_pointer(std::uint64_t value) {
  kvm_regs general = registers();
  general.rip = value;
  checked_ioctl(vcpu_.get(), KVM_SET_REGS, &general, "KVM_SET_REGS");
}

bool KvmVcpu::interrupts_enabled() { return (registers().rflags & kInterruptFlag) != 0; }

std::optional<GuestAddress> KvmVcpu::translate(std::uint64_t linear) {
  kvm_translation translation{};
  translation.linear_address = linear;
  if (retried_ioctl(vcpu_.get(), KVM_TRANSLATE, &translation) < 0 || translation.valid == 0) {
    return std::nullopt;
  }
  return GuestAddress(translation.physical_address);
}

kvm_sregs KvmVcpu::special_registers() {
  kvm_sregs special{};
  checked_ioctl(vcpu_.get(), KVM_GET_SREGS, &special, "KVM_GET_SREGS");
  return special;
}

bool KvmVcpu::set_efer(std::uint64_t value) {
  CountedList<kvm_msr_entry> msr = one_msr(kMsrEfer, value);
  return checked_ioctl(vcpu_.get(), kSetMsrs, msr.argument(), "KVM_SET_MSRS") == 1;
}

void KvmVcpu::single_step(bool on) {
  kvm_guest_debug debug{};
  if (on) {
    debug.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP;
  }
  checked_ioctl(vcpu_.get(), KVM_SET_GUEST_DEBUG, &debug, "KVM_SET_GUEST_DEBUG");
}

std::uint32_t KvmVcpu::mp_state() {
  kvm_mp_state state{};
  checked_ioctl(vcpu_.get(), KVM_GET_MP_STATE, &state, "KVM_GET_MP_STATE");
  return state.mp_state;
}

void KvmVcpu::set_mp_state(std::uint32_t value) {
  kvm_mp_state state{};
  state.mp_state = value;
  checked_ioctl(vcpu_.get(), KVM_SET_MP_STATE, &state, "KVM_SET_MP_STATE");
}

namespace {

MutableBytes register_in(kvm_lapic_state& state, std::uint32_t offset) {
  return MutableBytes(reinterpret_cast<std::uint8_t*>(state.regs), sizeof(state.regs)).subspan(offset, 4);
}

}  // namespace

std::uint32_t KvmVcpu::local_apic(std::uint32_t offset) {
  kvm_lapic_state state{};
  checked_ioctl(vcpu_.get(), KVM_GET_LAPIC, &state, "KVM_GET_LAPIC");
  return get_le<std::uint32_t>(register_in(state, offset), 0);
}

void KvmVcpu::set_local_apic(std::uint32_t offset, std::uint32_t value) {
  kvm_lapic_state state{};
  checked_ioctl(vcpu_.get(), KVM_GET_LAPIC, &state, "KVM_GET_LAPIC");
  put_le<std::uint32_t>(register_in(state, offset), 0, value);
  checked_ioctl(vcpu_.get(), KVM_SET_LAPIC, &state, "KVM_SET_LAPIC");
}

SavedRegisters KvmVcpu::save_registers() {
  SavedRegisters saved;
  saved.general = registers();
  saved.special = special_registers();
  return saved;
}

void KvmVcpu::restore_registers(const SavedRegisters& saved) {
  kvm_sregs special = saved.special;
  kvm_regs general = saved.general;
  checked_ioctl(vcpu_.get(), KVM_SET_SREGS, &special, "KVM_SET_SREGS");
  checked_ioctl(vcpu_.get(), KVM_SET_REGS, &general, "KVM_SET_REGS");
}

void KvmVcpu::note_pause() {
  // Fails where the guest has no such clock (yet): nothing to tell then.
  (void)retried_ioctl(vcpu_.get(), KVM_KVMCLOCK_CTRL, 0UL);
}

}  // namespace virtsev::vmm
