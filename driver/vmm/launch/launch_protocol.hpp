// SPDX-License-Identifier: LGPL-2.1-or-later
// The order in which a guest of one protection is launched: what is done when its machine is made, when
// memory is there, and when its vCPUs are. Whoever makes a machine asks this, and never what kind of
// protection it is.
#pragma once

#include <memory>

#include "driver/vmm/launch/launch.hpp"
#include "driver/vmm/memory/machine_memory.hpp"
#include "sevcore/kernel/sev_vm.hpp"
#include "sevcore/launch/launch_plan.hpp"
#include "sevcore/outcomes/explain_outcome.hpp"

namespace virtsev::vmm {

/// The steps are called in this order, each once, by the thread that makes the guest; finish() by whoever
/// lets it run first. All throw Error.
class LaunchProtocol {
 public:
  virtual ~LaunchProtocol() = default;
  /// The machine is made, and has neither memory nor vCPUs.
  virtual void initialise() = 0;
  /// Its memory is plugged in.
  virtual void take_memory() = 0;
  /// Its vCPUs stand at their first instruction: loads all of the plan, and has measured what is. The
  /// measurement; empty where there is none.
  virtual Bytes load() = 0;
  /// From now on the guest may run, and takes no secret any more.
  virtual void finish() = 0;
  /// What takes a secret and lets a debugger in, by the firmware; null where there is no firmware between the
  /// host and the guest's memory.
  virtual Launch* commands() = 0;
};

/// What a protocol works on; all of it outlives the protocol, the plan until load() is done.
struct LaunchSubject {
  const sevcore::LaunchPlan& plan;
  const MachineMemory& memory;
  sevcore::SevVm* sev = nullptr;  ///< The machine as SEV's commands reach it; null for an ordinary guest
  sevcore::AsidPool asids;        ///< Which ASIDs the guest takes one of
};

/// The protocol of the plan's protection. Throws Error(kConfigUnsupported) for SEV-SNP, which virtsev does
/// not launch.
std::unique_ptr<LaunchProtocol> make_launch_protocol(const LaunchSubject& subject,
                                                     const Launch::OnProgress& on_progress);

}  // namespace virtsev::vmm
