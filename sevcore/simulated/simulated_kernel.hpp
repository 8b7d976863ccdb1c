// SPDX-License-Identifier: LGPL-2.1-or-later
// The simulated kernel: answers KVM_MEMORY_ENCRYPT_OP and SEV_ISSUE_CMD as Linux does, with the software
// firmware of sevcore/firmware in the processor's place.
//
// What it is not: protection. The cryptography of launch, measurement and secret is real, but guest memory
// and registers stay plain text, readable by anyone who can read the monitor. Guests run natively on that
// memory.
#pragma once

#include <memory>

#include "sevcore/base/unique_fd.hpp"
#include "sevcore/kernel/sev_vm.hpp"
#include "sevcore/simulated/simulated_share.hpp"

namespace virtsev::sevcore {

class SimulatedHost;

/// How /dev/sev is opened: what changes the platform needs a writer (EPERM).
enum class DeviceAccess : std::uint8_t { kRead, kReadWrite };

/// One host's simulated platform, as one process sees it. The `identity` file (mode 0600) holds the
/// platform's keys and certificates, and is made at first use; what the host's guests share besides is the
/// process's to say (simulated_share.hpp).
class SimulatedPlatform {
 public:
  /// `identity`: open for reading; for writing too where it may still be empty, or where keys are to be
  /// changed (a monitor needs neither once virtsevd has opened the platform). One process of the host writes
  /// it at a time. Throws Error naming the file and the cure where it is torn, foreign, or of a later
  /// version; it is never replaced.
  explicit SimulatedPlatform(UniqueFd identity, SimulatedShare share = {});
  ~SimulatedPlatform();
  SimulatedPlatform(const SimulatedPlatform&) = delete;
  SimulatedPlatform& operator=(const SimulatedPlatform&) = delete;

  /// /dev/sev, opened so. Where the identity is open for reading alone, no device is a writer's. The platform
  /// must outlive it.
  [[nodiscard]] std::unique_ptr<SevDevice> open_device(DeviceAccess access = DeviceAccess::kReadWrite);

  /// The SEV side of a virtual machine that KVM_CREATE_VM would have made with `type`: kInit and kEsInit want
  /// kDefault, kInit2 the others. `states` is asked at kLaunchUpdateVmsa alone. The destructor frees guest
  /// and ASID. The platform must outlive it.
  [[nodiscard]] std::unique_ptr<SevVm> make_vm(KvmVmType type, VcpuStates states);

  [[nodiscard]] const SimulationSettings& settings() const;

  /// Closes the identity, and erases its keys. Commands that need them fail from then on
  /// (INVALID_PLATFORM_STATE): those of a guest that is launched need none.
  void forget_identity();

 private:
  std::unique_ptr<SimulatedHost> host_;
};

}  // namespace virtsev::sevcore
