// SPDX-License-Identifier: LGPL-2.1-or-later
// SEV of the host's processor. Not yet shown on hardware.
#include "driver/vmm/machine/hardware_platform.hpp"

#include "driver/vmm/simulation/simulated_sev.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {
namespace {

constexpr unsigned long kCapVmTypes = 235;  // KVM_CAP_VM_TYPES: a bit for each type (Linux 6.8)

bool offers(const KvmHost& host, sevcore::KvmVmType type) {
  return ((static_cast<unsigned>(host.extension(kCapVmTypes)) >> static_cast<unsigned long>(type)) & 1U) != 0;
}

}  // namespace

HardwarePlatform::HardwarePlatform(const KvmHost& host, UniqueFd sev_device)
    : cpu_(sevcore::read_cpu_facts()),
      device_(std::move(sev_device)),
      has_init2_(offers(host, sevcore::KvmVmType::kSev)) {
  if (!cpu_.sev) {
    throw Error(ErrorCode::kConfigUnsupported,
                text("This host's processor has no SEV; `virtsev host` says more"));
  }
}

sevcore::AsidPool HardwarePlatform::asid_pool(bool encrypted_state) const {
  return {encrypted_state, encrypted_state ? cpu_.es_guests() : cpu_.sev_guests(), false};
}

spec::VmsaFlavour HardwarePlatform::flavour(spec::VmsaFlavour) const {
  return has_init2_ ? spec::VmsaFlavour::kInit2 : spec::VmsaFlavour::kLegacy;
}

unsigned long HardwarePlatform::kvm_vm_type(bool encrypted_state, spec::VmsaFlavour flavour) const {
  sevcore::KvmVmType type = sevcore::KvmVmType::kDefault;
  if (flavour == spec::VmsaFlavour::kInit2) {
    type = encrypted_state ? sevcore::KvmVmType::kSevEs : sevcore::KvmVmType::kSev;
  }
  return static_cast<unsigned long>(type);
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
