// SPDX-License-Identifier: LGPL-2.1-or-later
// SEV of the host's processor. Not yet shown on hardware.
#include "driver/vmm/hardware/hardware_platform.hpp"

#include <sys/utsname.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {
namespace {

constexpr unsigned long kCapVmTypes = 235;  // KVM_CAP_VM_TYPES

}  // namespace

HardwareLaunch choose_launch(std::uint32_t vm_types, const sevcore::Protection& protection) {
  const sevcore::KvmVmType wanted = sevcore::vm_type_of(protection);
  const bool offered = ((vm_types >> static_cast<unsigned long>(wanted)) & 1U) != 0;
  return offered ? HardwareLaunch{sevcore::VmsaFlavour::kInit2, wanted} : HardwareLaunch{};
}

HardwarePlatform::HardwarePlatform(const KvmHost& host, UniqueFd sev_device)
    : cpu_(sevcore::read_cpu_facts()),
      device_(std::move(sev_device)),
      vm_types_(static_cast<std::uint32_t>(host.extension(kCapVmTypes))) {
  if (!cpu_.sev) {
    throw Error(ErrorCode::kConfigUnsupported,
                text("this host's processor has no SEV; `virtsev host` says more"));
  }
}

sevcore::AsidPool HardwarePlatform::asid_pool(const sevcore::Protection& protection) const {
  const bool es = sevcore::encrypts_state(protection);
  return {es, es ? cpu_.es_guests() : cpu_.sev_guests(), false};
}

sevcore::Protection HardwarePlatform::as_launched_here(sevcore::Protection asked) const {
  const HardwareLaunch launch = choose_launch(vm_types_, asked);
  return sevcore::with_flavour(std::move(asked), launch.flavour);
}

unsigned long HardwarePlatform::kvm_vm_type(const sevcore::Protection& protection) const {
  return static_cast<unsigned long>(choose_launch(vm_types_, protection).vm_type);
}

std::unique_ptr<sevcore::SevVm> HardwarePlatform::make_sev_vm(int kvm_vm, const sevcore::Protection&,
                                                              sevcore::VcpuStates) {
  return std::make_unique<sevcore::HardwareVm>(kvm_vm, device_.descriptor());
}

std::unique_ptr<MachineMemory> HardwarePlatform::make_memory(std::uint64_t size, std::uint64_t firmware) {
  return std::make_unique<PlainMemory>(size, firmware);
}

std::unique_ptr<GuestMode> HardwarePlatform::make_mode(KvmVm&, const sevcore::Protection& protection,
                                                       std::vector<CpuidEntries>) {
  if (!sevcore::encrypts_state(protection)) {
    return std::make_unique<NativeMode>();
  }
  utsname system{};
  const bool known = ::uname(&system) == 0;
  return std::make_unique<NativeMode>(HiddenState{!known || shutdown_may_be_einval(system.release)});
}

}  // namespace virtsev::vmm
