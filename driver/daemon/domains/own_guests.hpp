// SPDX-License-Identifier: LGPL-2.1-or-later
// How many encrypted guests this virtsevd runs itself.
#pragma once

#include <cstdint>

namespace virtsev::daemon {

class DomainList;

/// Those with a monitor, each of which has an ASID, or is about to take one.
struct OwnGuests {
  std::uint32_t sev = 0, es = 0;
};
OwnGuests own_guests(const DomainList& domains);

}  // namespace virtsev::daemon
