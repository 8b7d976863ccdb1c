// SPDX-License-Identifier: LGPL-2.1-or-later
// The two ways to configuration space: two ports (PCI Local Bus 3.0, 3.2.2.3.2, configuration mechanism 1),
// and memory (PCI Express Base 4.0, 7.2.2, ECAM).
#pragma once

#include <mutex>

#include "driver/vmm/bus/bus_device.hpp"
#include "driver/vmm/pci/pci_bus.hpp"

namespace virtsev::vmm {

/// Ports 0xcf8 to 0xcff: four of the address, four of the data. Any thread; the address is all vCPUs', as on
/// any PC, where the guest has a lock.
class ConfigurationPorts final : public BusDevice {
 public:
  explicit ConfigurationPorts(PciBus& bus) : bus_(bus) {}

  void read(std::uint64_t offset, MutableBytes data) override;
  void write(std::uint64_t offset, ByteView data) override;

 private:
  [[nodiscard]] PciRegister register_at(std::uint64_t offset);

  PciBus& bus_;
  std::mutex mutex_;
  std::uint32_t address_ = 0;
};

/// 4 KiB for each function, 1 MiB for each bus. Any thread.
class ConfigurationMemory final : public BusDevice {
 public:
  explicit ConfigurationMemory(PciBus& bus) : bus_(bus) {}

  void read(std::uint64_t offset, MutableBytes data) override;
  void write(std::uint64_t offset, ByteView data) override;

 private:
  PciBus& bus_;
};

}  // namespace virtsev::vmm
