// SPDX-License-Identifier: LGPL-2.1-or-later
// The machine's devices, and what they are wired to.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "driver/vmm/devices/device_table.hpp"
#include "driver/vmm/memory/memory_map.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::vmm {

/// Knows no device: each is made by the table, and connects itself. The I/O thread's; what vCPUs' threads may
/// use of it is buses().
class Board {
 public:
  struct Wiring {
    InterruptController& interrupts;
    EventLoop& loop;  ///< For devices' sources
    const SharedMemory& memory;
    std::vector<MemoryMap::Range> windows = {};
    std::function<void()> power_off = [] {};  ///< As in Panel
    std::function<void()> reset = [] {};
  };

  Board(const Wiring& wiring, const std::vector<DeviceOptions>& devices)
      : buses_(of_bus(wiring.windows)), interrupts_(wiring.interrupts, layout::kIoApicPins) {
    panel_.power_off = wiring.power_off;
    panel_.reset = wiring.reset;
    for (const DeviceOptions& device : devices) {
      devices_.push_back(
          make_device(device, Surroundings{buses_, interrupts_, wiring.loop, panel_, wiring.memory}));
    }
  }

  Buses& buses() { return buses_; }
  [[nodiscard]] const Panel& panel() const { return panel_; }
  /// Device::finish() of all.
  void finish() {
    for (const auto& device : devices_) {
      device->finish();
    }
  }

 private:
  static std::vector<BusRange> of_bus(const std::vector<MemoryMap::Range>& windows) {
    std::vector<BusRange> ranges;
    for (const MemoryMap::Range& window : windows) {
      ranges.push_back({window.start.value(), window.size});
    }
    return ranges;
  }

  Buses buses_;
  Interrupts interrupts_;
  Panel panel_;
  std::vector<std::unique_ptr<Device>> devices_;
};

}  // namespace virtsev::vmm
