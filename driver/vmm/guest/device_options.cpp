// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/guest/device_options.hpp"

#include <utility>

#include "driver/vmm/guest/firmware_devices.hpp"

namespace virtsev::vmm {
namespace {

DeviceOptions options_of(const spec::DeviceDescription& device, const spec::Serial& serial) {
  (void)device;  // COM1 has its place
  return serial;
}

/// All other kinds are on PCI.
template <typename Kind>
DeviceOptions options_of(const spec::DeviceDescription& device, const Kind& kind) {
  return OnPci<Kind>{device.id, std::get<spec::PciAddress>(device.address), kind};
}

}  // namespace

DeviceOptions device_options(const spec::DeviceDescription& device) {
  return std::visit([&](const auto& kind) { return options_of(device, kind); }, device.kind);
}

std::vector<DeviceOptions> device_options(const spec::Machine& machine) {
  std::vector<DeviceOptions> devices = {RealTimeClockOptions{}, AcpiPowerOptions{},
                                        KeyboardControllerOptions{}};
  if (spec::serial_of(machine) == nullptr) {
    devices.emplace_back(spec::Serial{});  // COM1 stands in the ACPI tables of each
  }
  for (const spec::DeviceDescription& device : machine.devices) {
    devices.push_back(device_options(device));
  }
  for (DeviceOptions& device : firmware_devices(machine)) {
    devices.push_back(std::move(device));
  }
  return devices;
}

}  // namespace virtsev::vmm
