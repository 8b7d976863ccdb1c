// SPDX-License-Identifier: LGPL-2.1-or-later
// /dev/kvm.
#include "driver/vmm/kvm/kvm_host.hpp"

#include <array>
#include <cstddef>

#include "driver/vmm/kvm/counted_list.hpp"
#include "driver/vmm/kvm/ioctl.hpp"

namespace virtsev::vmm {
namespace {

struct Need {
  unsigned long capability;
  const char* name;
};
constexpr std::array kNeeds = {
    Need{KVM_CAP_IRQCHIP, "KVM_CAP_IRQCHIP"},         Need{KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY"},
    Need{KVM_CAP_IRQ_ROUTING, "KVM_CAP_IRQ_ROUTING"}, Need{KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT"},
    Need{KVM_CAP_MP_STATE, "KVM_CAP_MP_STATE"},
};

}  // namespace

KvmHost::KvmHost(UniqueFd device) : device_(std::move(device)) {
  if (retried_ioctl(device_.get(), KVM_GET_API_VERSION, 0UL) != KVM_API_VERSION) {
    throw Error(ErrorCode::kInternal, text("the descriptor that was passed as /dev/kvm is not KVM"));
  }
  for (const Need& need : kNeeds) {
    if (extension(need.capability) == 0) {
      throw Error(ErrorCode::kConfigUnsupported,
                  text("this host's KVM has no {}; a newer kernel is needed", need.name));
    }
  }
}

int KvmHost::extension(unsigned long capability) const {
  const int result = retried_ioctl(device_.get(), KVM_CHECK_EXTENSION, capability);
  return result < 0 ? 0 : result;
}

UniqueFd KvmHost::create_vm(unsigned long type) const {
  return UniqueFd(checked_ioctl(device_.get(), KVM_CREATE_VM, type, "KVM_CREATE_VM"));
}

std::vector<kvm_cpuid_entry2> KvmHost::supported_cpuid() const {
  constexpr std::size_t kMaxEntries = 256;
  const std::vector<kvm_cpuid_entry2> room(kMaxEntries);
  CountedList<kvm_cpuid_entry2> list(room);
  checked_ioctl(device_.get(), kGetSupportedCpuid, list.argument(), "KVM_GET_SUPPORTED_CPUID");
  return list.entries();
}

std::size_t KvmHost::run_area_size() const {
  return static_cast<std::size_t>(
      checked_ioctl(device_.get(), KVM_GET_VCPU_MMAP_SIZE, 0UL, "KVM_GET_VCPU_MMAP_SIZE"));
}

}  // namespace virtsev::vmm
