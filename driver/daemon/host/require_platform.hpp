// SPDX-License-Identifier: LGPL-2.1-or-later
// What a protected guest needs of its host: said at its start, before anything is opened for it.
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <vector>

#include "domain-xml/domain_definition.hpp"
#include "driver/daemon/config/configuration.hpp"
#include "driver/daemon/host/sev_host.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/host-check/host_check.hpp"

namespace virtsev::daemon {

/// Throws Error saying what is missing on the host, or what has to be written in the definition, where the
/// guest can't be started on this platform. Nothing where the guest is unprotected. `own`: the guests that
/// this virtsevd runs already.
void require_platform(const Configuration& configuration, const domain_xml::DomainDefinition& definition,
                      const OwnGuests& own);

/// kOperationUnsupported: what stands in the way, and what to do about it.
Error missing_on_host(const std::vector<sevcore::HostFinding>& findings);

/// Where `failure` is that the kernel had no ASID for a guest on hardware: the same, with how many are in
/// use, as far as is known. Any other stays as it is.
std::exception_ptr with_asids_named(const std::exception_ptr& failure, bool encrypted_state,
                                    const OwnGuests& own);

/// The parts of require_platform(). Each throws Error.
void check_reduced_phys_bits(const domain_xml::LaunchSecurity& security);
void check_simulated_pool(const sevcore::SimulationSettings& settings, bool encrypted_state);
void check_simulated_snp(const sevcore::SimulationSettings& settings, bool encrypted_state);
void check_asid_is_free(const sevcore::AsidPoolUsage& pool, std::uint32_t own, bool encrypted_state);
/// A simulated guest's memory is as ordinary as any process's, and more than the host has can't be used.
void check_memory_is_there(std::uint64_t guest_bytes, std::uint64_t host_bytes);
/// On hardware all memory of an encrypted guest is pinned: it can't be more than the host's, or, with what a
/// launch pins on top, than `lock_limit`, where there is one.
void check_memory_can_be_pinned(std::uint64_t guest_bytes, std::uint64_t host_bytes,
                                std::optional<std::uint64_t> lock_limit);

}  // namespace virtsev::daemon
