// SPDX-License-Identifier: LGPL-2.1-or-later
// How many encrypted guests this host can run at once, and how many it runs: every program's guests share the
// processor's ASIDs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace virtsev::sevcore {

struct CpuFacts;

struct AsidPoolUsage {
  std::uint32_t total = 0;
  /// By all programs' guests; nothing where the kernel does not say (before Linux 6.5, or in a container).
  std::optional<std::uint32_t> used;
  friend bool operator==(const AsidPoolUsage&, const AsidPoolUsage&) = default;
};

struct AsidUsage {
  AsidPoolUsage sev;
  AsidPoolUsage es;  ///< SEV-SNP guests count as used
  /// How many of the pool for SEV-ES kvm_amd keeps for SEV-SNP guests (ciphertext_hiding_asids, since Linux
  /// 6.18); es.total is without them.
  std::uint32_t hidden = 0;
};

/// From the misc control group (Linux, kernel/cgroup/misc.c) and kvm_amd's parameter below `sys`, where
/// there, else from the processor. `sys`: "/sys".
AsidUsage read_asid_usage(const std::string& sys, const CpuFacts& cpu);

}  // namespace virtsev::sevcore
