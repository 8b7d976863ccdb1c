// SPDX-License-Identifier: LGPL-2.1-or-later
// What this host can do for SEV guests, on hardware or by simulation.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "driver/control/messages.hpp"
#include "driver/daemon/api/driver.hpp"
#include "driver/daemon/config/configuration.hpp"
#include "driver/daemon/domains/own_guests.hpp"
#include "driver/daemon/files/layout.hpp"
#include "sevcore/host-check/platform_information.hpp"
#include "sevcore/kernel/reduced_phys_bits.hpp"
#include "sevcore/kernel/snp_platform.hpp"

namespace virtsev::daemon {

/// What memory encryption looks like from inside a guest, and how many guests there can be.
struct SevFacts {
  bool sev = false, es = false;
  std::uint32_t c_bit_position = 0;
  std::uint32_t reduced_phys_bits = sevcore::kReducedPhysBits;
  std::uint32_t max_guests = 0, max_es_guests = 0;
  /// Why SEV-ES guests can't run where SEV guests can, and what to do; empty: they can, or nothing can.
  std::string es_problem;
  /// Hardware: of all programs' guests, how many there are; nothing where the kernel does not say.
  std::optional<std::uint32_t> used, used_es;
};
/// What SEV-SNP's side of the firmware said the last time, so that those whom clients wait for need not wait
/// for the firmware each time.
struct KnownSnp {
  /// SNP stays initialised while the host runs; that it is not may change with the next load of kvm_amd.
  static constexpr std::chrono::minutes kFresh{1};
  std::optional<sevcore::SnpStatus> status;
  std::optional<std::chrono::steady_clock::time_point> asked;
};
SevFacts sev_facts(const Configuration& configuration, KnownSnp& snp);

/// "3 of 99 in use, 1 of them by this virtsevd's guests"; where the kernel does not tell of other programs'
/// guests, that they are unknown.
std::string describe_asids(std::uint32_t total, std::optional<std::uint32_t> used, std::uint32_t own);

/// Asks the firmware; may wait for its other callers. Throws Error saying what is missing.
sevcore::PlatformInformation read_platform_information(control::Platform platform, const Layout& layout);

/// virNodeGetSEVInfo's parameters, in libvirt's order, and behind them virtsev's own: virtsev-asids and
/// virtsev-es-asids, describe_asids() of each kind; virtsev-es-problem, where SEV-ES guests can't run.
std::vector<TypedParameter> sev_parameters(const SevFacts& facts,
                                           const sevcore::PlatformInformation& platform,
                                           const OwnGuests& own);

}  // namespace virtsev::daemon
