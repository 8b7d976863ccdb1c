// SPDX-License-Identifier: LGPL-2.1-or-later
// What this host can do for SEV guests, on hardware or by simulation.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "driver/control/messages.hpp"
#include "driver/daemon/driver.hpp"
#include "driver/daemon/files/layout.hpp"
#include "sevcore/kernel/platform_information.hpp"
#include "sevcore/kernel/reduced_phys_bits.hpp"

namespace virtsev::daemon {

/// What memory encryption looks like from inside a guest, and how many guests there can be.
struct SevFacts {
  bool sev = false, es = false;
  std::uint32_t c_bit_position = 0;
  std::uint32_t reduced_phys_bits = sevcore::kReducedPhysBits;
  std::uint32_t max_guests = 0, max_es_guests = 0;
};
SevFacts sev_facts(control::Platform platform, const Layout& layout);

/// Asks the firmware; may wait for its other callers. Throws Error saying what is missing.
sevcore::PlatformInformation read_platform_information(control::Platform platform, const Layout& layout);

/// virNodeGetSEVInfo's parameters, in libvirt's order.
std::vector<TypedParameter> sev_parameters(const SevFacts& facts,
                                           const sevcore::PlatformInformation& platform);

}  // namespace virtsev::daemon
