// SPDX-License-Identifier: LGPL-2.1-or-later
// SEV without hardware.
#include "driver/vmm/simulation/simulated_platform.hpp"

#include <algorithm>

#include "driver/vmm/simulation/simulated_sev.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {

std::uint32_t simulated_c_bit_position(std::uint32_t host_physical_bits) {
  constexpr std::uint32_t kHighest = 47;
  return std::min(kHighest, host_physical_bits - 1);
}

SimulatedSevPlatform::SimulatedSevPlatform(const KvmHost& host, UniqueFd identity, UniqueFd state)
    : c_bit_position_(simulated_c_bit_position(physical_address_bits(host.supported_cpuid()))),
      platform_(std::move(identity), std::move(state)),
      device_(platform_.open_device(sevcore::DeviceAccess::kRead)) {
  for (const unsigned long capability : {KVM_CAP_X86_USER_SPACE_MSR, KVM_CAP_X86_MSR_FILTER}) {
    if (host.extension(capability) == 0) {
      throw Error(
          ErrorCode::kConfigUnsupported,
          text("This host's KVM can't simulate SEV: it passes no model specific registers to the monitor; "
               "Linux 5.10 or newer is needed"));
    }
  }
}

sevcore::AsidPool SimulatedSevPlatform::asid_pool(bool encrypted_state) const {
  const sevcore::SimulationSettings& settings = platform_.settings();
  return {encrypted_state, encrypted_state ? settings.es_asids : settings.sev_asids, true};
}

unsigned long SimulatedSevPlatform::kvm_vm_type(bool, spec::VmsaFlavour) const {
  return static_cast<unsigned long>(sevcore::KvmVmType::kDefault);
}

std::unique_ptr<sevcore::SevVm> SimulatedSevPlatform::make_sev_vm(int, bool encrypted_state,
                                                                  spec::VmsaFlavour flavour,
                                                                  sevcore::VcpuStates states) {
  sevcore::KvmVmType type = sevcore::KvmVmType::kDefault;
  if (flavour == spec::VmsaFlavour::kInit2) {
    type = encrypted_state ? sevcore::KvmVmType::kSevEs : sevcore::KvmVmType::kSev;
  }
  return platform_.make_vm(type, std::move(states));
}

std::unique_ptr<MachineMemory> SimulatedSevPlatform::make_memory(std::uint64_t size) {
  auto memory = std::make_unique<StrictMemory>(size, c_bit_position_);
  memory_ = memory.get();
  return memory;
}

std::unique_ptr<SimulatedSev> SimulatedSevPlatform::simulate(KvmVm& vm, bool encrypted_state,
                                                             std::vector<CpuidEntries> cpuid) {
  vm.exit_on_msrs(SimulatedSev::kGhcbMsr, SimulatedSev::kMsrCount);
  return std::make_unique<SimulatedSev>(encrypted_state, c_bit_position_, *memory_, std::move(cpuid));
}

}  // namespace virtsev::vmm
