// SPDX-License-Identifier: LGPL-2.1-or-later
// The ports of a machine: a virtio console device on PCI, and the host's ends of its ports.
#pragma once

#include <memory>

#include "driver/vmm/devices/ports_device.hpp"
#include "driver/vmm/devices/virtio_pci_device.hpp"

namespace virtsev::vmm {

class PortsOnPci final : public Device {
 public:
  /// Throws Error where two ports have one number, or one is beyond machine::kMaxPorts, and
  /// std::system_error.
  PortsOnPci(const OnPci<spec::Ports>& options, const Surroundings& surroundings);

  void add_figures(DeviceFigures& figures) const override;

 private:
  PortsDevice* ports_;  // function_'s
  std::unique_ptr<Device> function_;
};

std::unique_ptr<Device> make_device(const OnPci<spec::Ports>& options, const Surroundings& surroundings);

}  // namespace virtsev::vmm
