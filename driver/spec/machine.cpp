// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/spec/machine.hpp"

#include <algorithm>

namespace virtsev::spec {

const Serial* serial_of(const Machine& machine) {
  for (const DeviceDescription& device : machine.devices) {
    if (const auto* serial = std::get_if<Serial>(&device.kind)) {
      return serial;
    }
  }
  return nullptr;
}

std::vector<int> files_of(const DeviceDescription& device) {
  std::vector<int> files;
  const auto add = [&files](int descriptor) {
    if (descriptor >= 0) {
      files.push_back(descriptor);
    }
  };
  if (const auto* serial = std::get_if<Serial>(&device.kind)) {
    add(serial->terminal_master);
    add(serial->terminal_slave);
    std::for_each(serial->log.begin(), serial->log.end(), add);
  } else if (const auto* disk = std::get_if<Disk>(&device.kind)) {
    add(disk->image.fd);
  } else if (const auto* interface = std::get_if<Interface>(&device.kind)) {
    std::for_each(interface->taps.begin(), interface->taps.end(), add);
    add(interface->stream);
  } else if (const auto* ports = std::get_if<Ports>(&device.kind)) {
    for (const Ports::Port& port : ports->ports) {
      add(port.terminal_master);
      add(port.terminal_slave);
      add(port.listener);
    }
  }
  return files;
}

std::vector<int> device_files(const Machine& machine) {
  std::vector<int> files;
  for (const DeviceDescription& device : machine.devices) {
    const std::vector<int> its = files_of(device);
    files.insert(files.end(), its.begin(), its.end());
  }
  return files;
}

std::size_t root_ports(const Machine& machine) {
  return static_cast<std::size_t>(std::count_if(
      machine.devices.begin(), machine.devices.end(),
      [](const DeviceDescription& device) { return std::holds_alternative<RootPort>(device.kind); }));
}

const Payload* payload_of(const Boot& boot) {
  if (const auto* direct = std::get_if<DirectBoot>(&boot)) {
    return &direct->payload;
  }
  const auto& firmware = std::get<FirmwareBoot>(boot);
  return firmware.payload ? &*firmware.payload : nullptr;
}

}  // namespace virtsev::spec
