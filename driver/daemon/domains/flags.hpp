// SPDX-License-Identifier: LGPL-2.1-or-later
// What libvirt's drivers check before each call, in libvirt's words, which other programs compare.
#pragma once

#include <cstdint>
#include <string>

#include "driver/daemon/base/check_flags.hpp"
#include "driver/daemon/domains/domain.hpp"

namespace virtsev::daemon {

/// Throws Error(kOperationInvalid) for an inactive domain.
void require_active(const Domain& domain);

/// What VIR_DOMAIN_AFFECT_LIVE and _CONFIG ask for, current resolved.
struct Impact {
  bool live = false, config = false;
};
/// Throws Error(kOperationInvalid) where the domain does not have what is asked for.
Impact impact_of(std::uint32_t flags, const Domain& domain);

}  // namespace virtsev::daemon
