// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/host/require_platform.hpp"

#include <unistd.h>

#include "sevcore/base/text.hpp"
#include "sevcore/kernel/pinned_memory.hpp"
#include "sevcore/kernel/reduced_phys_bits.hpp"

namespace virtsev::daemon {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;

std::uint64_t memory_of_host() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page = ::sysconf(_SC_PAGESIZE);
  return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page);
}

}  // namespace

Error missing_on_host(const std::vector<sevcore::HostFinding>& findings) {
  return {ErrorCode::kOperationUnsupported,
          text("this host can't run such guests: {}", sevcore::describe(findings))};
}

void check_reduced_phys_bits(const domain_xml::LaunchSecurity& security) {
  const std::uint32_t asked = security.reduced_phys_bits.value_or(sevcore::kReducedPhysBits);
  if (asked != sevcore::kReducedPhysBits) {
    throw Error(ErrorCode::kConfigUnsupported,
                text("<reducedPhysBits> is {}, but encryption takes {} bit of a guest's physical addresses; "
                     "write {}, or leave the element out",
                     asked, sevcore::kReducedPhysBits, sevcore::kReducedPhysBits));
  }
}

void check_simulated_pool(const sevcore::SimulationSettings& settings, bool encrypted_state) {
  if ((encrypted_state ? settings.es_asids : settings.sev_asids) == 0) {
    throw Error(ErrorCode::kOperationUnsupported,
                text("the simulated platform has no ASIDs for {} guests; raise {} in virtsevd.conf",
                     encrypted_state ? "SEV-ES" : "SEV",
                     encrypted_state ? "simulated_es_asids" : "simulated_sev_asids"));
  }
}

void check_simulated_snp(const sevcore::SimulationSettings& settings, bool encrypted_state) {
  if (encrypted_state && settings.snp_initialized != 0) {
    throw missing_on_host({sevcore::es_beside_snp(std::nullopt)});
  }
}

void check_asid_is_free(const sevcore::AsidPoolUsage& pool, std::uint32_t own, bool encrypted_state) {
  if (!pool.used || *pool.used < pool.total) {
    return;
  }
  throw Error(
      ErrorCode::kResourceBusy,
      text("this host has no ASID for another {} guest: {}; stop one, of QEMU's or virtsev's, or move the "
           "BIOS setting \"SEV-ES ASID space limit\"",
           encrypted_state ? "SEV-ES" : "SEV", describe_asids(pool.total, pool.used, own)));
}

std::exception_ptr with_asids_named(const std::exception_ptr& failure, bool encrypted_state,
                                    const OwnGuests& own) {
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kResourceBusy) {
      const sevcore::AsidUsage asids = sevcore::read_asid_usage("/sys", sevcore::read_cpu_facts());
      const sevcore::AsidPoolUsage& pool = encrypted_state ? asids.es : asids.sev;
      return std::make_exception_ptr(Error(
          error.code(), text("{}; ASIDs: {}", error.what(),
                             describe_asids(pool.total, pool.used, encrypted_state ? own.es : own.sev))));
    }
  } catch (const std::exception&) {
    return failure;
  }
  return failure;
}

void check_memory_is_there(std::uint64_t guest_bytes, std::uint64_t host_bytes) {
  if (guest_bytes > host_bytes) {
    throw Error(
        ErrorCode::kConfigUnsupported,
        text("<memory> is {} MiB, but this host has {} MiB; give it less, as the guest would be killed "
             "when it uses it",
             guest_bytes / kMiB, host_bytes / kMiB));
  }
}

void check_memory_can_be_pinned(std::uint64_t guest_bytes, std::uint64_t host_bytes,
                                std::optional<std::uint64_t> lock_limit) {
  if (guest_bytes > host_bytes) {
    throw Error(ErrorCode::kConfigUnsupported,
                text("<memory> is {} MiB, but this host has {} MiB, and all memory of an SEV guest stays in "
                     "the host's memory; give it less",
                     guest_bytes / kMiB, host_bytes / kMiB));
  }
  const std::uint64_t needed = sevcore::bytes_to_lock(guest_bytes);
  if (lock_limit && needed > *lock_limit) {
    throw Error(
        ErrorCode::kConfigUnsupported,
        text("<memory> is {} MiB, but this user may lock {} MiB, and all memory of an SEV guest is "
             "locked, and up to {} MiB more while it is launched; give it less, or raise the hard limit "
             "on locked memory (memlock in /etc/security/limits.conf, LimitMEMLOCK= of the service) to "
             "{} MiB",
             guest_bytes / kMiB, *lock_limit / kMiB, sevcore::kPinnedPiece / kMiB,
             (needed + kMiB - 1) / kMiB));
  }
}

void require_platform(const Configuration& configuration, const domain_xml::DomainDefinition& definition,
                      const OwnGuests& own) {
  if (!definition.launch_security) {
    return;
  }
  check_reduced_phys_bits(*definition.launch_security);
  const bool es = sevcore::encrypts_state(domain_xml::protection_of(definition));
  if (configuration.platform == control::Platform::kSimulated) {
    check_simulated_pool(configuration.simulation, es);
    check_simulated_snp(configuration.simulation, es);
    check_memory_is_there(definition.memory_bytes, memory_of_host());
    return;
  }
  const sevcore::HostCheck check = sevcore::check_host();
  if (const auto& findings = es ? check.es : check.sev; !findings.empty()) {
    throw missing_on_host(findings);
  }
  check_asid_is_free(es ? check.asids.es : check.asids.sev, es ? own.es : own.sev, es);
  check_memory_can_be_pinned(definition.memory_bytes, memory_of_host(), check.memory_lock_limit);
}

}  // namespace virtsev::daemon
