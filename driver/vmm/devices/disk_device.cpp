// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/disk_device.hpp"

#include <utility>

#include "driver/vmm/devices/hot_plug_slot.hpp"

namespace virtsev::vmm {

namespace {

/// In a slot, the slot's: there is no other one once the sandbox has closed.
std::unique_ptr<IoEngine> engine_for(const OnPci<spec::Disk>& options, const Surroundings& surroundings) {
  const spec::Disk& disk = options.kind;
  if (options.address.port != 0) {
    return surroundings.slots->at(options.address.port).engine(disk.image.fd);
  }
  return make_io_engine(disk.image.fd, disk.threads, surroundings.device_loop, surroundings.device_sandbox);
}

}  // namespace

DiskDevice::DiskDevice(const OnPci<spec::Disk>& options, const Surroundings& surroundings)
    : id_(options.id), log_(options.id) {
  const spec::Disk& disk = options.kind;
  auto block = std::make_unique<BlockDevice>(
      BlockDevice::Options{disk.read_only, disk.discard, disk.flush == spec::Disk::Flush::kAlways,
                           disk.serial, disk.queues},
      image_facts(disk.image.fd), disk.flush, engine_for(options, surroundings), surroundings.device_loop,
      log_);
  block_ = block.get();
  function_ = make_virtio_pci_device(options.id, options.address, std::move(block), surroundings);
}

std::unique_ptr<Device> make_device(const OnPci<spec::Disk>& options, const Surroundings& surroundings) {
  return std::make_unique<DiskDevice>(options, surroundings);
}

}  // namespace virtsev::vmm
