// SPDX-License-Identifier: LGPL-2.1-or-later
// A network interface of the machine: a network device on PCI, and the host's side of it.
#pragma once

#include <memory>

#include "driver/vmm/devices/network_device.hpp"
#include "driver/vmm/devices/virtio_pci_device.hpp"

namespace virtsev::vmm {

class InterfaceDevice final : public Device {
 public:
  /// Throws Error where there is neither a tap device nor a stream, and std::system_error.
  InterfaceDevice(const OnPci<spec::Interface>& options, const Surroundings& surroundings);

  bool set_link(const std::string& id, bool up) override;
  void add_figures(DeviceFigures& figures) const override {
    figures.interfaces.emplace_back(id_, network_->statistics());
  }

 private:
  std::string id_;
  DeviceLog log_;
  NetworkDevice* network_;  // function_'s
  std::unique_ptr<Device> function_;
};

std::unique_ptr<Device> make_device(const OnPci<spec::Interface>& options, const Surroundings& surroundings);

}  // namespace virtsev::vmm
