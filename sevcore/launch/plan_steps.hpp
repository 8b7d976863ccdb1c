// SPDX-License-Identifier: LGPL-2.1-or-later
// The one reading of a launch plan: what the firmware is given, in which order, and what of it is measured.
// The digest, `explain`, `measure --dump`, the size of a launch and the monitor all walk these steps.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sevcore/launch/launch_plan.hpp"

namespace virtsev::sevcore {

/// A region, or the VMSA page of a vCPU. Borrows from the plan.
struct PlanStep {
  PageType type = PageType::kNormal;
  std::string name;    ///< For people and scripts, never translated: "kernel", "VMSA of vCPU 0"
  std::string origin;  ///< As in Region; empty for a VMSA
  std::optional<GuestAddress> address;  ///< None for a VMSA, which the kernel places
  std::uint64_t size = 0;               ///< Bytes, padding included
  /// Encrypted and measured by the firmware; else only loaded, and the host can change it.
  bool measured = false;
  const Region* region = nullptr;          ///< None for a VMSA
  const VcpuState* vcpu = nullptr;         ///< Whose VMSA it is; none for a region
  const Protection* protection = nullptr;  ///< By which a VMSA is filled
};

/// The regions in their order, then, where the protection encrypts registers, the VMSAs in the order of vCPU
/// ids. SEV and SEV-ES know one way to measure, LAUNCH_UPDATE_DATA: with them a region of any type but
/// kUnmeasured is measured by its bytes (SEV API, LAUNCH_UPDATE_DATA). Throws Error(kInternal) for a plan
/// with a region of type kVmsa: these pages come from the vCPUs.
std::vector<PlanStep> steps_of(const LaunchPlan& plan);

/// Gives the step's bytes, a VMSA's made only then, piece by piece, at most 1 MiB each, zero padding
/// included, in order. Throws Error where a file can't be read or is shorter than the plan says.
void read_step(const PlanStep& step, const std::function<void(ByteView)>& piece);

/// Bytes of all measured regions, padding included, VMSAs not: what a launch takes its time for.
std::uint64_t measured_bytes(const LaunchPlan& plan);

}  // namespace virtsev::sevcore
