// SPDX-License-Identifier: LGPL-2.1-or-later
// SEV-SNP's side of the firmware, as far as it concerns SEV and SEV-ES guests: virtsev runs no SNP guests
// yet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sevcore/kernel/sev_vm.hpp"

namespace virtsev::sevcore {

/// Which processor it is, by CPUID Fn0000_0001.
struct CpuModel {
  std::uint32_t family = 0;  ///< 0x19: EPYC 7003 and 9004 (Zen 3, Zen 4); 0x1a: EPYC 9005 (Zen 5)
  std::uint32_t model = 0;
};

/// SNP_PLATFORM_STATUS' answer, of it what matters here.
struct SnpStatus {
  bool initialized = false;
  std::uint64_t current_tcb = 0;  ///< TCB_VERSION that the firmware behaves by; its layout is the processor's
};

/// Nothing where the kernel (before Linux 6.9) or the firmware has no SNP, or the kernel says that it is not
/// initialised (EINVAL, before Linux 6.16). Waits for the firmware's other callers.
std::optional<SnpStatus> read_snp_status(SevDevice& device);

/// The security version of SNP's part in `tcb` (SVN; "SPL" in AMD's release notes); nothing for a processor
/// whose TCB_VERSION is not known.
std::optional<std::uint8_t> snp_security_version(std::uint64_t tcb, const CpuModel& cpu);

/// Whether the firmware answers LAUNCH_START of a SEV-ES guest with UNSUPPORTED. AMD's mitigation of
/// CVE-2025-48514 (bulletin AMD-SB-3023) ends SEV-ES while SNP is initialised; it came with the security
/// versions 0x1b of EPYC 7003 and 9004, and 4 of EPYC 9005, which is what Linux looks at, too
/// (drivers/crypto/ccp/sev-dev.c, sev_firmware_supported_vm_types).
bool refuses_es(const SnpStatus& status, const CpuModel& cpu);

/// How SNP is switched off, for those whose SEV-ES guests it stands in the way of.
std::string cure_of_snp();

}  // namespace virtsev::sevcore
