// SPDX-License-Identifier: LGPL-2.1-or-later
// SEV without hardware: the software firmware, and a guest that runs on plain KVM and believes otherwise.
// Keeps no host out.
#pragma once

#include "driver/vmm/launch/platform.hpp"
#include "driver/vmm/simulated/strict_memory.hpp"
#include "sevcore/simulated/simulated_kernel.hpp"

namespace virtsev::vmm {

/// Where a simulated platform has its C-bit: the highest physical address bit of the host that KVM takes a
/// memory slot at, and at most 47, as the first EPYCs have it.
std::uint32_t simulated_c_bit_position(std::uint32_t host_physical_bits);

/// What virtsevd gave this guest of the platform.
struct SimulatedGuestShare {
  sevcore::SimulationSettings settings;
  std::uint32_t asid = 0;
  UniqueFd asid_lock;  ///< Open for as long as the guest has the ASID
  std::shared_ptr<sevcore::FirmwareQueue> queue;
};

class SimulatedSevPlatform final : public Platform {
 public:
  SimulatedSevPlatform(const KvmHost& host, UniqueFd identity, SimulatedGuestShare share);

  [[nodiscard]] std::uint32_t c_bit_position() const override { return c_bit_position_; }
  sevcore::SevDevice& device() override { return *device_; }
  [[nodiscard]] sevcore::AsidPool asid_pool(const sevcore::Protection& protection) const override;
  [[nodiscard]] sevcore::Protection as_launched_here(sevcore::Protection asked) const override {
    return asked;
  }
  [[nodiscard]] unsigned long kvm_vm_type(const sevcore::Protection& protection) const override;
  std::unique_ptr<sevcore::SevVm> make_sev_vm(int kvm_vm, const sevcore::Protection& protection,
                                              sevcore::VcpuStates states) override;
  std::unique_ptr<MachineMemory> make_memory(std::uint64_t size, std::uint64_t firmware) override;
  std::unique_ptr<GuestMode> make_mode(KvmVm& vm, const sevcore::Protection& protection,
                                       std::vector<CpuidEntries> cpuid) override;
  void forget_launch() override { platform_.forget_identity(); }

 private:
  std::uint32_t c_bit_position_;
  sevcore::SimulatedPlatform platform_;
  std::unique_ptr<sevcore::SevDevice> device_;
  StrictMemory* memory_ = nullptr;
};

}  // namespace virtsev::vmm
