// SPDX-License-Identifier: LGPL-2.1-or-later
// A machine's buses.
#pragma once

#include "driver/vmm/bus/bus.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::vmm {

/// Memory's devices can only be where the memory layout has a place for them: never at RAM, whatever a guest
/// asks for, and not where KVM answers itself (the interrupt controllers).
struct Buses {
  /// `memory_bytes`: the machine's RAM.
  explicit Buses(std::uint64_t memory_bytes)
      : memory({of(layout::kMmio32), of(layout::kPciEcam), of(layout::kPlatformMmio),
                of(layout::mmio64(memory_bytes))}) {}

  Bus ports{{{0, 0x10000}}};
  Bus memory;

 private:
  static BusRange of(const layout::Window& window) { return {window.start.value(), window.size}; }
};

}  // namespace virtsev::vmm
