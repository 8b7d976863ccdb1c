// SPDX-License-Identifier: LGPL-2.1-or-later
// The host bridge's register that says where PCI configuration space is in memory.
#pragma once

#include "driver/vmm/bus/bus.hpp"
#include "driver/vmm/pci/pci_bus.hpp"
#include "driver/vmm/pci/pci_function.hpp"
#include "sevcore/base/guest_address.hpp"

namespace virtsev::vmm {

/// PCIEXBAR of Intel's 82G33 (data sheet 316966, 5.1.16): 8 bytes; bit 0 enables, bits 1 and 2 say for how
/// many buses, of which only 256 are there; the base is a multiple of 256 MiB. Firmware (OVMF) writes it; a
/// machine that boots directly finds it written. Configuration space follows where there is room for it, and
/// stays else: it is never nowhere.
class ConfigurationBase final : public PciCapability {
 public:
  static constexpr std::size_t kRegister = 0x60;

  /// `memory`: configuration space on the bus; borrowed.
  explicit ConfigurationBase(Bus::Attachment& memory) : memory_(memory) {}

  /// Once, while the bridge is made; borrowed by it.
  void add_to(PciFunction& bridge);
  void after_write(ConfigurationSpace& space, std::size_t offset, std::size_t size) override;

 private:
  Bus::Attachment& memory_;
};

/// Where the register of the host bridge on this bus says that it is. Any thread.
GuestAddress configuration_base(PciBus& bus);

}  // namespace virtsev::vmm
