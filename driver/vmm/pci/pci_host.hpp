// SPDX-License-Identifier: LGPL-2.1-or-later
// The PCI host: the root bus with the host bridge on it, and both ways to configuration space.
#pragma once

#include "driver/vmm/bus/buses.hpp"
#include "driver/vmm/pci/configuration_access.hpp"
#include "driver/vmm/pci/configuration_base.hpp"
#include "driver/vmm/pci/pci_bus.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::vmm {

/// Every machine has one. Any thread uses what bus() gives; the buses outlive this.
class PciHost {
 public:
  explicit PciHost(Buses& buses)
      : bridge_("PCI host bridge", kBridge, buses.memory, layout::kMmio32.start),
        ports_(bus_),
        memory_(bus_),
        on_ports_(attach_or_throw(buses.ports, "PCI configuration ports",
                                  {layout::kPciConfigurationPort, layout::kPciConfigurationPortCount},
                                  ports_)),
        on_memory_(attach_or_throw(buses.memory, "PCI configuration memory",
                                   {layout::kPciEcam.start.value(), layout::kPciEcam.size}, memory_)),
        base_(on_memory_) {
    base_.add_to(bridge_);
    on_bus_ = attach_or_throw(bus_, "PCI host bridge", 0, bridge_);
  }

  PciBus& bus() { return bus_; }

 private:
  /// Intel's 82G33 host bridge: QEMU's q35 has it, and OVMF knows a q35 by it (OvmfPkg, PlatformInitLib).
  static constexpr PciIdentity kBridge{0x8086, 0x29c0, 0, 0x060000, 0x1af4, 0x1100};

  PciBus bus_;
  PciFunction bridge_;
  ConfigurationPorts ports_;
  ConfigurationMemory memory_;
  Bus::Attachment on_ports_;
  Bus::Attachment on_memory_;
  ConfigurationBase base_;
  PciBus::Attachment on_bus_;
};

/// Where a device's BARs lie until the guest puts them elsewhere: 1 MiB for each device number, so that what
/// comes and goes moves nothing of the others.
constexpr GuestAddress bars_of_device(std::uint8_t device) {
  static_assert(PciBus::kDevices * layout::kMiB <= layout::kMmio32.size);
  return layout::kMmio32.start + device * layout::kMiB;
}

}  // namespace virtsev::vmm
