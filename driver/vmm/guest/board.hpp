// SPDX-License-Identifier: LGPL-2.1-or-later
// The machine's devices, and what they are wired to.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "driver/vmm/devices/device_table.hpp"
#include "driver/vmm/memory/memory_map.hpp"
#include "driver/vmm/pci/pci_host.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::vmm {

/// Whether a device wants a thread beside that of the machine's loop (Surroundings::device_loop).
inline bool needs_device_thread(const std::vector<DeviceOptions>& devices) {
  return std::any_of(devices.begin(), devices.end(), [](const DeviceOptions& device) {
    return std::visit([](const auto& options) { return is_on_pci(options); }, device);
  });
}

/// Knows no device: each is made by the table, and connects itself. The I/O thread's; what vCPUs' threads may
/// use of it is buses().
class Board {
 public:
  struct Wiring {
    InterruptController& interrupts;
    DoorbellController& doorbells;
    EventLoop& loop;         ///< For devices' sources
    EventLoop& device_loop;  ///< As in Surroundings: run by another thread, where a device is on PCI
    const SharedMemory& memory;
    std::vector<MemoryMap::Range> windows = {};
    std::function<void()> power_off = [] {};  ///< As in Panel
    std::function<void()> reset = [] {};
    std::function<void()> device_sandbox = {};  ///< As in Surroundings
    std::function<void()> panicked = [] {};     ///< As in Panel
  };

  Board(const Wiring& wiring, const std::vector<DeviceOptions>& devices)
      : buses_(of_bus(wiring.windows)), interrupts_(wiring.interrupts, layout::kIoApicPins), pci_(buses_) {
    panel_.power_off = wiring.power_off;
    panel_.reset = wiring.reset;
    panel_.panicked = wiring.panicked;
    for (const DeviceOptions& device : devices) {
      devices_.push_back(make_device(
          device, Surroundings{buses_, interrupts_, wiring.loop, panel_, wiring.memory, pci_.bus(),
                               wiring.doorbells, wiring.device_loop, wiring.device_sandbox}));
    }
  }

  Buses& buses() { return buses_; }
  [[nodiscard]] const Panel& panel() const { return panel_; }
  /// Of all devices that count.
  [[nodiscard]] DeviceFigures figures() const {
    DeviceFigures figures;
    for (const auto& device : devices_) {
      device->add_figures(figures);
    }
    return figures;
  }
  /// False: there is no interface of this id.
  bool set_link(const std::string& id, bool up) {
    return std::any_of(devices_.begin(), devices_.end(),
                       [&](const auto& device) { return device->set_link(id, up); });
  }
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
  PciHost pci_;
  Panel panel_;
  std::vector<std::unique_ptr<Device>> devices_;
};

}  // namespace virtsev::vmm
