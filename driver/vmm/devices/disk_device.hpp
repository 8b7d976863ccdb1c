// SPDX-License-Identifier: LGPL-2.1-or-later
// A disk of the machine: a block device on PCI, and its image.
#pragma once

#include <memory>

#include "driver/vmm/devices/block_device.hpp"
#include "driver/vmm/devices/virtio_pci_device.hpp"

namespace virtsev::vmm {

/// Made before the sandbox closes, or in a slot, which has the rings or threads that can't be made later.
class DiskDevice final : public Device {
 public:
  /// Throws Error where the image can't be used, and std::system_error.
  DiskDevice(const OnPci<spec::Disk>& options, const Surroundings& surroundings);

  void add_figures(DeviceFigures& figures) const override {
    figures.disks.emplace_back(id_, block_->statistics());
  }

 private:
  std::string id_;
  DeviceLog log_;
  BlockDevice* block_;  // function_'s
  std::unique_ptr<Device> function_;
};

std::unique_ptr<Device> make_device(const OnPci<spec::Disk>& options, const Surroundings& surroundings);

}  // namespace virtsev::vmm
