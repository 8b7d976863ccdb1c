// SPDX-License-Identifier: LGPL-2.1-or-later
// Processor and BIOS.
#include "sevcore/base/text.hpp"
#include "sevcore/host-check/parts.hpp"

namespace virtsev::sevcore {
namespace {

Findings check_sev(const CpuFacts& cpu) {
  if (!cpu.amd) {
    return {
        {HostPart::kCpu, text("this host's processor is not from AMD"),
         text("use a host with an AMD EPYC processor, or the simulated platform (platform = \"simulated\" "
              "in virtsevd.conf)")}};
  }
  if (!cpu.sev) {
    return {{HostPart::kCpu, text("this host's processor does not offer SEV"),
             text("an EPYC processor is needed, with SMEE enabled in the BIOS; a virtual machine has no SEV "
                  "of its own")}};
  }
  if (cpu.sev_guests() == 0) {
    return {{HostPart::kBios, text("the BIOS leaves no ASIDs for SEV guests"),
             text("enable SMEE, and set \"SEV-ES ASID space limit\" below {} in the BIOS", cpu.max_asid)}};
  }
  return {};
}

Findings check_es(const CpuFacts& cpu) {
  if (!cpu.es) {
    return {{HostPart::kCpu, text("this host's processor offers SEV, but not SEV-ES"),
             text("use a second-generation EPYC or later, or a policy without the ES bit")}};
  }
  if (cpu.es_guests() == 0) {
    return {{HostPart::kBios, text("the BIOS gives no ASIDs to SEV-ES guests"),
             text("set \"SEV-ES ASID space limit\" (or \"Minimum SEV non-ES ASID\") above 1 in the BIOS")}};
  }
  return {};
}

Findings check_snp(const CpuFacts& cpu) {
  if (!cpu.snp) {
    return {{HostPart::kCpu, text("this host's processor offers SEV, but not SEV-SNP"),
             text("use a third-generation EPYC or later")}};
  }
  return {};
}

}  // namespace

HostFinding es_beside_snp(std::optional<std::uint8_t> svn) {
  const std::string version = svn ? text(" (SNP's security version is {})", unsigned{*svn}) : "";
  return {HostPart::kFirmware,
          text("this SEV firmware runs no SEV-ES guests while SEV-SNP is initialised, as it is{}", version),
          cure_of_snp()};
}

Findings check_snp_beside_es(const std::optional<SnpStatus>& snp, const CpuModel& cpu) {
  if (!snp || !refuses_es(*snp, cpu)) {
    return {};
  }
  return {es_beside_snp(snp_security_version(snp->current_tcb, cpu))};
}

PartFindings check_processor(const CpuFacts& cpu) {
  const Findings sev = check_sev(cpu);
  if (!cpu.sev) {
    return {sev, {}, {}};  // What SEV lacks, the others lack, too
  }
  return {sev, check_es(cpu), check_snp(cpu)};
}

}  // namespace virtsev::sevcore
