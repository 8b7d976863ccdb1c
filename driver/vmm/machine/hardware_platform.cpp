// SPDX-License-Identifier: LGPL-2.1-or-later
// SEV of the host's processor. Not yet shown on hardware.
#include "driver/vmm/machine/hardware_platform.hpp"

#include "driver/vmm/simulation/simulated_sev.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {
namespace {

constexpr unsigned long kCapVmTypes = 235;  // KVM_CAP_VM_TYPES

}  // namespace

HardwareLaunch choose_launch(std::uint32_t vm_types, bool encrypted_state) {
  const sevcore::KvmVmType wanted = encrypted_state ? sevcore::KvmVmType::kSevEs : sevcore::KvmVmType::kSev;
  const bool offered = ((vm_types >> static_cast<unsigned long>(wanted)) & 1U) != 0;
  return offered ? HardwareLaunch{spec::VmsaFlavour::kInit2, wanted} : HardwareLaunch{};
}

HardwarePlatform::HardwarePlatform(const KvmHost& host, UniqueFd sev_device)
    : cpu_(sevcore::read_cpu_facts()),
      device_(std::move(sev_device)),
      vm_types_(static_cast<std::uint32_t>(host.extension(kCapVmTypes))) {
  if (!cpu_.sev) {
    throw Error(ErrorCode::kConfigUnsupported,
                text("This host's processor has no SEV; `virtsev host` says more"));
  }
}

sevcore::AsidPool HardwarePlatform::asid_pool(bool encrypted_state) const {
  return {encrypted_state, encrypted_state ? cpu_.es_guests() : cpu_.sev_guests(), false};
}

spec::VmsaFlavour HardwarePlatform::flavour(spec::VmsaFlavour, bool encrypted_state) const {
  return choose_launch(vm_types_, encrypted_state).flavour;
}

unsigned long HardwarePlatform::kvm_vm_type(bool encrypted_state, spec::VmsaFlavour) const {
  return static_cast<unsigned long>(choose_launch(vm_types_, encrypted_state).vm_type);
}

std::unique_ptr<sevcore::SevVm> HardwarePlatform::make_sev_vm(int kvm_vm, bool, spec::VmsaFlavour,
                                                              sevcore::VcpuStates) {
  return std::make_unique<sevcore::HardwareVm>(kvm_vm, device_.descriptor());
}

std::unique_ptr<MachineMemory> HardwarePlatform::make_memory(std::uint64_t size) {
  return std::make_unique<PlainMemory>(size);
}

std::unique_ptr<SimulatedSev> HardwarePlatform::simulate(KvmVm&, bool, std::vector<CpuidEntries>) {
  return nullptr;
}

}  // namespace virtsev::vmm
