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
#include "sevcore/kernel/simulation_settings.hpp"

namespace virtsev::sevcore {

class SimulatedHost;

/// How /dev/sev is opened: what changes the platform needs a writer (EPERM).
enum class DeviceAccess : std::uint8_t { kRead, kReadWrite };

/// One host's simulated platform, as one process sees it. Its state lies in two files that every process of
/// the host shares: `identity` (mode 0600) holds the platform's keys and certificates, and is made at first
/// use; `state` holds the settings (simulation_settings.hpp), and locks on its bytes are the ASIDs in use and
/// the queue for the firmware.
class SimulatedPlatform {
 public:
  /// `identity`: open for reading; for writing too where it may still be empty, or where keys are to be
  /// changed (a monitor needs neither once virtsevd has opened the platform). `state`: open for reading and
  /// writing, and *opened for this process alone*: an ASID is an open-file-description lock, so a process
  /// that passes the descriptor on opens the file anew for each receiver, and closes its own copy. Else two
  /// monitors would share ASIDs, and a killed monitor's would not come free. Throws Error naming the file and
  /// the cure where it is torn, foreign, or of a later version; it is never replaced.
  SimulatedPlatform(UniqueFd identity, UniqueFd state);
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
