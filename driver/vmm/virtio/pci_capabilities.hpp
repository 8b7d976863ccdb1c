// SPDX-License-Identifier: LGPL-2.1-or-later
// The capabilities of a virtio function, which say where its registers are (virtio 1.2, 4.1.4).
#pragma once

#include "driver/vmm/pci/pci_function.hpp"
#include "driver/vmm/virtio/pci_transport.hpp"

namespace virtsev::vmm {

/// What a PCI function of this device is: 4.1.2, and revision 1, as nothing of before 1.0 is offered.
PciIdentity identity_of(const VirtioDevice& device);

/// A window in configuration space to the registers (4.1.4.9), for firmware that has not placed the BAR yet.
/// PciBus calls with its lock held.
class RegisterWindow final : public PciCapability {
 public:
  /// `registers`: of the BAR with this index.
  RegisterWindow(BusDevice& registers, std::size_t bar) : registers_(registers), bar_(bar) {}

  /// All of a virtio function's capabilities, this one with them.
  void add_to(PciFunction& function);

  void before_read(ConfigurationSpace& space, std::size_t offset, std::size_t size) override;
  void after_write(ConfigurationSpace& space, std::size_t offset, std::size_t size) override;

 private:
  /// What the guest has set it to: the bytes of the data that go there, none where it is nowhere.
  [[nodiscard]] MutableBytes data_of(ConfigurationSpace& space) const;
  [[nodiscard]] bool touches_data(std::size_t offset, std::size_t size) const;

  BusDevice& registers_;
  std::size_t bar_;
  std::size_t capability_ = 0;
};

}  // namespace virtsev::vmm
