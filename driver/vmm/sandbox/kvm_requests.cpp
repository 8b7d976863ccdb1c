// SPDX-License-Identifier: LGPL-2.1-or-later
// KVM's requests by name (Documentation/virt/kvm/api.rst).
#include "driver/vmm/sandbox/kvm_requests.hpp"

#include <array>

#include <linux/kvm.h>
#include <linux/psp-sev.h>
#include <seccomp.h>

#include "driver/vmm/kvm/counted_list.hpp"
#include "driver/vmm/sandbox/conditions.hpp"

namespace virtsev::vmm {
namespace {

constexpr unsigned kRequest = 1;  // ioctl's argument

constexpr AllowedCall request(std::uint64_t number, const char* reason) {
  return {SCMP_SYS(ioctl), reason, is(kRequest, number)};
}

constexpr std::array kService = {
    request(KVM_IRQ_LINE, "input of the console, the power button"),
    request(KVM_GET_MP_STATE, "where vCPUs stand, for people"),
    request(KVM_GET_REGS, "the same; a debugger"),
    request(KVM_GET_SREGS, "a debugger"),
    request(kGetMsrs, "a debugger: the vCPU's state, for its page tables"),
    request(KVM_SET_REGS, "a debugger"),
    request(KVM_SET_SREGS, "a debugger"),
    request(KVM_KVMCLOCK_CTRL, "the guest's clock stood still"),
    request(kSetGsiRouting, "a device comes or goes: its messages"),
    request(KVM_IRQFD, "the same: the events that send them"),
    request(KVM_IOEVENTFD, "the same: its doorbells"),
};
/// The simulated firmware is not a device.
constexpr std::array kHardwareService = {
    request(KVM_MEMORY_ENCRYPT_OP, "the launch's secret and its end; a debugger"),
};

constexpr std::array kVcpu = {
    request(KVM_RUN, "the guest"),
    request(KVM_IRQ_LINE, "devices' interrupts"),
    request(KVM_GET_REGS, "where a guest was that can't go on"),
    request(KVM_GET_MP_STATE, "the same"),
    request(kSetGsiRouting, "the guest gives a device's interrupt another message"),
    request(KVM_IOEVENTFD, "the guest moves a device's registers, and its doorbells with them"),
};
constexpr std::array kSimulatedVcpu = {
    request(KVM_TRANSLATE, "is this a VMGEXIT?"),
    request(KVM_SET_REGS, "going on behind it"),
    request(KVM_GET_SREGS, "where page tables are; a vCPU that is held"),
    request(KVM_SET_SREGS, "a vCPU that is held"),
    request(KVM_SET_MP_STATE, "the same"),
    request(kSetMsrs, "the guest's writes of EFER"),
    request(KVM_SET_GUEST_DEBUG, "seeing when paging begins"),
    request(KVM_KVMCLOCK_CTRL, "the guest's clock, where its page has become shared"),
    request(KVM_GET_LAPIC, "a local APIC that firmware maps with the C-bit"),
    request(KVM_SET_LAPIC, "the same"),
    request(KVM_SIGNAL_MSI, "the same: it starts other vCPUs"),
};

// A request's bits 8 to 15 name the driver (asm-generic/ioctl.h).
constexpr std::uint64_t kDriverMask = 0xff00;
constexpr std::array kLaunch = {
    AllowedCall{SCMP_SYS(ioctl), "KVM", Condition{kRequest, kDriverMask, std::uint64_t{KVMIO} << 8}},
    request(SEV_ISSUE_CMD, "the platform's version"),
};

template <typename First, typename Second>
std::vector<AllowedCall> join(const First& first, bool with_second, const Second& second) {
  std::vector<AllowedCall> requests(first.begin(), first.end());
  if (with_second) {
    requests.insert(requests.end(), second.begin(), second.end());
  }
  return requests;
}

}  // namespace

std::vector<AllowedCall> service_requests(bool simulated) {
  return join(kService, !simulated, kHardwareService);
}

std::vector<AllowedCall> vcpu_requests(bool simulated) { return join(kVcpu, simulated, kSimulatedVcpu); }

std::vector<AllowedCall> launch_requests() { return {kLaunch.begin(), kLaunch.end()}; }

}  // namespace virtsev::vmm
