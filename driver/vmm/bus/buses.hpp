// SPDX-License-Identifier: LGPL-2.1-or-later
// A machine's buses.
#pragma once

#include <utility>

#include "driver/vmm/bus/bus.hpp"

namespace virtsev::vmm {

struct Buses {
  /// `windows`: where in memory devices may be. Never at RAM, whatever a guest asks for, and not where KVM
  /// answers itself (the interrupt controllers).
  explicit Buses(std::vector<BusRange> windows) : memory(std::move(windows)) {}

  Bus ports{{{0, 0x10000}}};
  Bus memory;
};

}  // namespace virtsev::vmm
