// SPDX-License-Identifier: LGPL-2.1-or-later
// Where a guest's SEV comes from: the host's processor, or simulation. The rest of the monitor is the same
// for both.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "driver/control/messages.hpp"
#include "driver/vmm/kvm/cpuid.hpp"
#include "driver/vmm/kvm/kvm_host.hpp"
#include "driver/vmm/kvm/kvm_vm.hpp"
#include "driver/vmm/memory/machine_memory.hpp"
#include "sevcore/base/unique_fd.hpp"
#include "sevcore/kernel/sev_vm.hpp"
#include "sevcore/outcomes/explain_outcome.hpp"
#include "sevcore/simulated/simulated_share.hpp"

namespace virtsev::vmm {

class SimulatedSev;

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
  virtual std::unique_ptr<MachineMemory> make_memory(std::uint64_t size) = 0;
  /// What answers the guest's questions about SEV in simulation, and makes KVM pass them to us; null on
  /// hardware. After make_memory().
  virtual std::unique_ptr<SimulatedSev> simulate(KvmVm& vm, const sevcore::Protection& protection,
                                                 std::vector<CpuidEntries> cpuid) = 0;
  /// Once the guest is launched (LAUNCH_MEASURE): gives up what running it does not need.
  virtual void forget_launch() {}
};

/// Throws Error(kConfigUnsupported) where the guest's RAM reaches addresses that have the C-bit.
void check_memory_below_c_bit(std::uint64_t memory_bytes, std::uint32_t position);

/// The platform that a Start asks for. Takes the descriptors that it needs out of it. Throws Error where the
/// host has no SEV, or another C-bit position than the definition says,
/// or where the guest has more memory than there are addresses below the C-bit.
std::unique_ptr<Platform> make_platform(const control::Start& start, const KvmHost& host);

/// make_platform(), or what a test has in its place.
using PlatformMaker = std::function<std::unique_ptr<Platform>(const control::Start&, const KvmHost&)>;
/// make_platform(), where the simulated firmware's commands wait for their turn in `queue`; null: for nobody.
PlatformMaker make_platform_with(std::shared_ptr<sevcore::FirmwareQueue> queue);

}  // namespace virtsev::vmm
