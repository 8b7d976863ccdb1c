// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/platform/host_report.hpp"

#include "driver/cli/io/json.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/kernel/pinned_memory.hpp"
#include "sevcore/kernel/reduced_phys_bits.hpp"

namespace virtsev::cli {
namespace {

using Findings = std::vector<sevcore::HostFinding>;

std::string title_of(sevcore::HostPart part) {
  switch (part) {
    case sevcore::HostPart::kCpu:
      return text("processor");
    case sevcore::HostPart::kBios:
      return text("BIOS");
    case sevcore::HostPart::kKernel:
      return text("kernel");
    case sevcore::HostPart::kKernelModule:
      return text("kernel module");
    case sevcore::HostPart::kKvmDevice:
      return "/dev/kvm";
    case sevcore::HostPart::kSevDevice:
      return "/dev/sev";
    case sevcore::HostPart::kFirmware:
      return text("firmware");
    case sevcore::HostPart::kMemoryLock:
      return text("locked memory");
  }
  return {};
}

Json to_json(const Findings& findings) {
  Json list = Json::array();
  for (const sevcore::HostFinding& finding : findings) {
    list.push_back({{"part", sevcore::name_of(finding.part)},
                    {"problem", finding.problem},
                    {"next_step", finding.next_step}});
  }
  return list;
}

Json to_json(const sevcore::PlatformInformation& platform) {
  return {{"api", std::to_string(platform.api_major) + "." + std::to_string(platform.api_minor)},
          {"build", platform.build},
          {"initialized", platform.state != sevcore::PlatformState::kUninitialized},
          {"es", platform.es_enabled},
          {"externally_owned", platform.externally_owned},
          {"guests", platform.guest_count}};
}

void add_findings(std::vector<std::string>& lines, const Findings& findings) {
  for (const sevcore::HostFinding& finding : findings) {
    lines.push_back(text("  - {}: {}; {}", title_of(finding.part), finding.problem, finding.next_step));
  }
}

/// Of one kind of guest, how many there can be, and are; other programs' count, too.
std::string count_of(const sevcore::AsidPoolUsage& pool) {
  return pool.used ? text("{} guests at once; {} in use", pool.total, *pool.used)
                   : text("{} guests at once; how many are in use is not known here", pool.total);
}

void add_kind(std::vector<std::string>& lines, const char* kind, const sevcore::AsidPoolUsage& pool,
              const Findings& findings) {
  lines.push_back(findings.empty() ? text("{}: can be used, {}", kind, count_of(pool))
                                   : text("{}: can't be used", kind));
  add_findings(lines, findings);
}

/// Where SEV-SNP is initialised, what that means for SEV-ES guests.
void add_snp(std::vector<std::string>& lines, const sevcore::HostCheck& check) {
  if (check.snp_status && check.snp_status->initialized && check.es_usable()) {
    lines.push_back(text(
        "  - firmware: SEV-SNP is initialised, and this version runs SEV-ES guests beside it; newer ones "
        "do not (SNP's security version 27 on EPYC 7003 and 9004, 4 on EPYC 9005)"));
  }
  if (check.asids.hidden > 0) {
    lines.push_back(
        text("  - kernel module: {} ASIDs are only for SEV-SNP guests (kvm_amd's "
             "ciphertext_hiding_asids)",
             check.asids.hidden));
  }
}

Json to_json(const sevcore::AsidPoolUsage& pool, const Findings& findings) {
  return {{"usable", findings.empty()},
          {"guests", pool.total},
          {"in_use", pool.used ? Json(*pool.used) : Json(nullptr)},
          {"findings", to_json(findings)}};
}

void add_platform(std::vector<std::string>& lines, const sevcore::PlatformInformation& platform) {
  lines.push_back(text("Firmware: API {}.{}, build {}; {}; encrypted guests: {}", platform.api_major,
                       platform.api_minor, platform.build,
                       platform.externally_owned ? text("the platform has an external owner (OCA)")
                                                 : text("the platform owns itself"),
                       platform.guest_count));
}

}  // namespace

std::vector<std::string> describe_host(const sevcore::HostCheck& check) {
  std::vector<std::string> lines;
  add_kind(lines, "SEV", check.asids.sev, check.sev);
  add_kind(lines, "SEV-ES", check.asids.es, check.es);
  add_snp(lines, check);
  lines.push_back(check.snp_usable() ? text("SEV-SNP: could be used, but virtsev does not use it yet")
                                     : text("SEV-SNP: can't be used, and virtsev does not use it yet"));
  add_findings(lines, check.snp);
  if (!check.snp_usable() && check.cpu.snp && check.es_usable()) {
    lines.push_back(
        text("  - firmware: that of 2025 and later runs no SEV-ES guests once SEV-SNP is initialised"));
  }
  if (check.platform) {
    add_platform(lines, *check.platform);
  }
  if (check.cpu.sev) {
    constexpr std::uint64_t kMiB = 1ULL << 20;
    lines.push_back(check.memory_lock_limit
                        ? text("Locked memory: at most {} MiB for this user's guests, each of which needs "
                               "all of its <memory> and {} MiB",
                               *check.memory_lock_limit / kMiB, sevcore::kPinnedPiece / kMiB)
                        : text("Locked memory: no limit"));
  }
  return lines;
}

Json host_as_json(const sevcore::HostCheck& check) {
  const Json initialized = check.snp_status ? Json(check.snp_status->initialized) : Json(nullptr);
  return {{"sev", to_json(check.asids.sev, check.sev)},
          {"sev_es", to_json(check.asids.es, check.es)},
          {"sev_snp",
           {{"cpu", check.cpu.snp},
            {"usable", check.snp_usable()},
            {"initialized", initialized},
            {"asids_of_its_own", check.asids.hidden},
            {"findings", to_json(check.snp)}}},
          {"firmware", check.platform ? to_json(*check.platform) : Json(nullptr)},
          {"memory_lock_limit", check.memory_lock_limit ? Json(*check.memory_lock_limit) : Json(nullptr)},
          {"c_bit_position", check.cpu.c_bit_position},
          {"reduced_phys_bits", sevcore::kReducedPhysBits}};
}

}  // namespace virtsev::cli
