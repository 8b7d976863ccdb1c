// SPDX-License-Identifier: LGPL-2.1-or-later
// Where a guest's SEV comes from: the host's processor, or simulation. The rest of the monitor is the same
// for both.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "driver/vmm/kvm/cpuid.hpp"
#include "driver/vmm/kvm/kvm_host.hpp"
#include "driver/vmm/kvm/kvm_vm.hpp"
#include "driver/vmm/memory/machine_memory.hpp"
#include "driver/vmm/run/guest_mode.hpp"
#include "sevcore/kernel/sev_vm.hpp"
#include "sevcore/launch/protection.hpp"
#include "sevcore/outcomes/explain_outcome.hpp"

namespace virtsev::vmm {

class Platform {
 public:
  virtual ~Platform() = default;

  /// The C-bit's position in a guest physical address.
  [[nodiscard]] virtual std::uint32_t c_bit_position() const = 0;
  virtual sevcore::SevDevice& device() = 0;
  /// The ASIDs that a guest of this protection takes one of.
  [[nodiscard]] virtual sevcore::AsidPool asid_pool(const sevcore::Protection& protection) const = 0;
  /// The same protection, launched as this host launches it.
  [[nodiscard]] virtual sevcore::Protection as_launched_here(sevcore::Protection asked) const = 0;
  /// KVM_CREATE_VM's argument.
  [[nodiscard]] virtual unsigned long kvm_vm_type(const sevcore::Protection& protection) const = 0;
  virtual std::unique_ptr<sevcore::SevVm> make_sev_vm(int kvm_vm, const sevcore::Protection& protection,
                                                      sevcore::VcpuStates states) = 0;
  /// `firmware`: bytes of an image that ends at 4 GiB; 0: none.
  virtual std::unique_ptr<MachineMemory> make_memory(std::uint64_t size, std::uint64_t firmware) = 0;
  /// What the vCPUs' exits mean, and whatever KVM needs to be told for that. After make_memory().
  virtual std::unique_ptr<GuestMode> make_mode(KvmVm& vm, const sevcore::Protection& protection,
                                               std::vector<CpuidEntries> cpuid) = 0;
  /// Once the guest is launched (LAUNCH_MEASURE): gives up what running it does not need.
  virtual void forget_launch() {}
};

}  // namespace virtsev::vmm
