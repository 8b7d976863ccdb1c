// SPDX-License-Identifier: LGPL-2.1-or-later
// One device of a machine, for whoever has the machine.
#pragma once

#include <functional>
#include <string>

#include "driver/vmm/bus/buses.hpp"
#include "driver/vmm/devices/device_figures.hpp"
#include "driver/vmm/devices/panel.hpp"
#include "driver/vmm/interrupts/doorbell.hpp"
#include "driver/vmm/interrupts/interrupts.hpp"
#include "driver/vmm/loop/event_loop.hpp"
#include "driver/vmm/memory/shared_memory.hpp"
#include "driver/vmm/pci/pci_bus.hpp"

namespace virtsev::vmm {

/// Made, and destroyed, by the I/O thread, before the guest runs or while it does. Has its registers on a
/// bus, its interrupts and its sources by itself, and gives them back when it goes.
class Device {
 public:
  virtual ~Device() = default;
  /// The guest has ended: what is still to be handed on goes out now, as far as that takes no waiting. The
  /// I/O thread, while all vCPUs stand still.
  virtual void finish() {}
  /// The cable of this network interface is in (up) or out. False: it is not the interface of this id. Any
  /// thread.
  virtual bool set_link(const std::string& /*id*/, bool /*up*/) { return false; }
  /// Adds what it has moved, where it counts that. Any thread.
  virtual void add_figures(DeviceFigures& /*figures*/) const {}
};

class HotPlugSlots;

/// What a device gets of its machine. All of it outlives the device.
struct Surroundings {
  Buses& buses;
  Interrupts& interrupts;
  EventLoop& loop;
  Panel& panel;
  const SharedMemory& memory;  ///< All of the guest's that a device sees
  PciBus& pci;
  DoorbellController& doorbells;
  EventLoop& device_loop;  ///< Of the thread that moves the data of disks, networks and their like
  /// What further threads that move data call first, as that thread did.
  std::function<void()> device_sandbox = {};
  /// Behind root ports; null where nothing is, and no root port is made.
  HotPlugSlots* slots = nullptr;
};

}  // namespace virtsev::vmm
