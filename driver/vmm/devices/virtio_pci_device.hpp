// SPDX-License-Identifier: LGPL-2.1-or-later
// A virtio device of a machine: a kind of device, the PCI function that carries it, and its interrupts.
#pragma once

#include <memory>
#include <string>

#include "driver/spec/machine.hpp"
#include "driver/vmm/devices/device.hpp"
#include "driver/vmm/virtio/virtio_device.hpp"

namespace virtsev::vmm {

/// What the definition asks for of a device on PCI. `Kind`: its description (driver/spec/machine.hpp).
template <typename Kind>
struct OnPci {
  std::string id;
  spec::PciAddress address;
  Kind kind;
};

template <typename Kind>
constexpr bool is_on_pci(const OnPci<Kind>& /*options*/) {
  return true;
}
template <typename Options>
constexpr bool is_on_pci(const Options& /*options*/) {
  return false;
}

/// Puts it on the root bus, or into the slot of its root port. Throws Error where the address is another
/// device's, or there are no interrupts left. The result's destructor returns when the device has stopped, so
/// the loop of devices runs then.
std::unique_ptr<Device> make_virtio_pci_device(const std::string& id, spec::PciAddress address,
                                               std::unique_ptr<VirtioDevice> device,
                                               const Surroundings& surroundings);

}  // namespace virtsev::vmm
