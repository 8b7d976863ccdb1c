// SPDX-License-Identifier: LGPL-2.1-or-later
// The machine's devices, and what they are wired to.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "driver/vmm/devices/device_table.hpp"
#include "driver/vmm/loop/wakeup.hpp"
#include "driver/vmm/memory/memory_map.hpp"
#include "driver/vmm/pci/pci_host.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::vmm {

/// Whether a device wants a thread beside that of the machine's loop (Surroundings::device_loop).
bool needs_device_thread(const std::vector<DeviceOptions>& devices);

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

  /// Throws Error, and std::system_error, as making a device does.
  Board(const Wiring& wiring, const std::vector<DeviceOptions>& devices);
  ~Board();
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  Buses& buses() { return buses_; }
  [[nodiscard]] const Panel& panel() const { return panel_; }
  /// Of all devices that count.
  [[nodiscard]] DeviceFigures figures() const;
  /// False: there is no interface of this id.
  bool set_link(const std::string& id, bool up);
  /// Device::finish() of all.
  void finish();

  // Devices that come and go while the guest runs.

  /// A device comes into the slot of the root port that its address names. Throws Error, and nothing has
  /// changed, where there is no such port, or another device is in it or has its id.
  void attach(const DeviceOptions& device);
  /// The guest is asked to let go of a device; one that it does not use goes at once. Throws
  /// Error(kInvalidArgument) where there is none of this id, or it is in no slot.
  void detach(const std::string& id);
  /// Called when a device has gone, with its id: all that it had is given back.
  void on_removed(std::function<void(const std::string& id)> removed) { removed_ = std::move(removed); }
  /// The ids of the devices in slots.
  [[nodiscard]] std::vector<std::string> plugged() const;

 private:
  struct Placed {
    std::string id;         ///< Empty: it stands in no definition
    std::uint8_t port = 0;  ///< Of the slot that it is in; 0: it stays
    std::unique_ptr<Device> device;
  };
  void add(const DeviceOptions& device);
  void take_out_ejected();
  void take_out(std::vector<Placed>::iterator which);

  Buses buses_;
  Interrupts interrupts_;
  PciHost pci_;
  Panel panel_;
  const Wiring wiring_;
  std::function<void(const std::string& id)> removed_;
  Wakeup ejected_;  // Rung by vCPUs' threads
  HotPlugSlots slots_;
  std::vector<Placed> devices_;
};

}  // namespace virtsev::vmm
