// SPDX-License-Identifier: LGPL-2.1-or-later
// Slots of a machine, into which devices come, and out of which they go, while the guest runs.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "driver/vmm/devices/virtio_pci_device.hpp"
#include "driver/vmm/pci/root_port.hpp"
#include "driver/vmm/storage/io_engine.hpp"

namespace virtsev::vmm {

/// A root port, and what a device in its slot needs that can't be made once the sandbox has closed. The I/O
/// thread's.
class HotPlugSlot final : public Device {
 public:
  /// Tells Surroundings::slots of itself. Throws Error, and std::system_error.
  HotPlugSlot(const OnPci<spec::RootPort>& options, const Surroundings& surroundings);
  ~HotPlugSlot() override;
  HotPlugSlot(const HotPlugSlot&) = delete;
  HotPlugSlot& operator=(const HotPlugSlot&) = delete;

  PciRootPort& port() { return port_; }
  /// For the disk in it: goes before the slot does. Throws std::system_error.
  std::unique_ptr<IoEngine> engine(int image) { return lend_engine(*engine_, image); }

 private:
  HotPlugSlots& slots_;
  const std::uint8_t number_;
  PciRootPort port_;
  std::unique_ptr<SpareEngine> engine_;
  PciBus::Attachment attachment_;  // Last: the guest finds nothing of it any more once this has gone
};

std::unique_ptr<Device> make_device(const OnPci<spec::RootPort>& options, const Surroundings& surroundings);

/// All of a machine, by their root ports' numbers. The I/O thread's.
class HotPlugSlots {
 public:
  /// `ejected`: as PciRootPort::Parts has it.
  explicit HotPlugSlots(std::function<void()> ejected) : ejected_(std::move(ejected)) {}

  /// Throws Error(kInvalidArgument) where the machine has no such port.
  HotPlugSlot& at(std::uint8_t number);

 private:
  friend class HotPlugSlot;
  const std::function<void()> ejected_;
  std::map<std::uint8_t, HotPlugSlot*> slots_;
};

}  // namespace virtsev::vmm
