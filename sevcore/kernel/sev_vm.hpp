// SPDX-License-Identifier: LGPL-2.1-or-later
// The kernel's SEV interface, at the level of its ioctls. The code that launches a guest sees these two
// classes alone; behind them is the real kernel (hardware_kernel.hpp) or the simulated one
// (simulated_kernel.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "sevcore/abi/commands.hpp"
#include "sevcore/launch/protection.hpp"
#include "sevcore/launch/vcpu_state.hpp"

namespace virtsev::sevcore {

/// What an ioctl answered: 0 and 0 for success, else errno and the firmware's status (SEV_RET_*), which is
/// kNoFirmwareCall where the firmware was never asked.
struct Outcome {
  int error_number = 0;
  std::uint32_t firmware_status = 0;
  [[nodiscard]] bool ok() const { return error_number == 0; }
};

/// /dev/sev: SEV_ISSUE_CMD.
class SevDevice {
 public:
  virtual ~SevDevice() = default;
  /// `data`: the command's structure of commands.hpp, or null; written back as the kernel does.
  virtual Outcome issue(PlatformCommand command, void* data) = 0;
  /// True where this is the simulated platform: said wherever a person could mistake it.
  [[nodiscard]] virtual bool simulated() const = 0;
};

/// The SEV side of one virtual machine: KVM_MEMORY_ENCRYPT_OP and KVM_MEMORY_ENCRYPT_(UN)REG_REGION on a VM's
/// descriptor.
class SevVm {
 public:
  virtual ~SevVm() = default;
  virtual Outcome operate(GuestCommand command, void* data) = 0;
  virtual Outcome register_memory(void* address, std::size_t size) = 0;
  virtual Outcome unregister_memory(void* address, std::size_t size) = 0;
  [[nodiscard]] virtual bool simulated() const = 0;
};

/// What a simulated kernel asks the monitor for at LAUNCH_UPDATE_VMSA, in the order of vCPU ids: the vCPUs'
/// registers as the monitor has set them. The real kernel reads its own.
using VcpuStates = std::function<std::vector<VcpuState>()>;

/// The machine type that KVM_SEV_INIT2 wants for such a guest.
inline KvmVmType vm_type_of(const Protection& protection) {
  return !is_protected(protection)    ? KvmVmType::kDefault
         : encrypts_state(protection) ? KvmVmType::kSevEs
                                      : KvmVmType::kSev;
}

}  // namespace virtsev::sevcore
