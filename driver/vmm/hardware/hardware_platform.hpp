// SPDX-License-Identifier: LGPL-2.1-or-later
// SEV of the host's processor. Not yet shown on hardware.
#pragma once

#include "driver/vmm/launch/platform.hpp"
#include "sevcore/host-check/host_check.hpp"
#include "sevcore/kernel/hardware_kernel.hpp"

namespace virtsev::vmm {

/// How a kernel makes and initialises an encrypted guest.
struct HardwareLaunch {
  sevcore::VmsaFlavour flavour = sevcore::VmsaFlavour::kLegacy;
  sevcore::KvmVmType vm_type = sevcore::KvmVmType::kDefault;
  friend bool operator==(const HardwareLaunch&, const HardwareLaunch&) = default;
};
/// KVM_SEV_INIT2 where the kernel makes machines of the type that it wants, else the older commands.
/// `vm_types`: a bit for each type (KVM_CAP_VM_TYPES; 0 before Linux 6.8). A kernel may offer one of SEV and
/// SEV-ES without the other.
HardwareLaunch choose_launch(std::uint32_t vm_types, const sevcore::Protection& protection);

class HardwarePlatform final : public Platform {
 public:
  /// `sev_device`: /dev/sev. Throws Error where the processor has no SEV.
  HardwarePlatform(const KvmHost& host, UniqueFd sev_device);

  [[nodiscard]] std::uint32_t c_bit_position() const override { return cpu_.c_bit_position; }
  sevcore::SevDevice& device() override { return device_; }
  [[nodiscard]] sevcore::AsidPool asid_pool(const sevcore::Protection& protection) const override;
  [[nodiscard]] sevcore::Protection as_launched_here(sevcore::Protection asked) const override;
  [[nodiscard]] unsigned long kvm_vm_type(const sevcore::Protection& protection) const override;
  std::unique_ptr<sevcore::SevVm> make_sev_vm(int kvm_vm, const sevcore::Protection& protection,
                                              sevcore::VcpuStates states) override;
  std::unique_ptr<MachineMemory> make_memory(std::uint64_t size, std::uint64_t firmware) override;
  std::unique_ptr<GuestMode> make_mode(KvmVm& vm, const sevcore::Protection& protection,
                                       std::vector<CpuidEntries> cpuid) override;

 private:
  sevcore::CpuFacts cpu_;
  sevcore::HardwareDevice device_;
  std::uint32_t vm_types_;
};

}  // namespace virtsev::vmm
