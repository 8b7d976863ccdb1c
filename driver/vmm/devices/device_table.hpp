// SPDX-License-Identifier: LGPL-2.1-or-later
// From what a device is to be to the device. Each one's options and maker stand in its own file; a new device
// is one more line here.
#pragma once

#include <memory>
#include <variant>

#include "driver/vmm/devices/acpi_power.hpp"
#include "driver/vmm/devices/device.hpp"
#include "driver/vmm/devices/disk_device.hpp"
#include "driver/vmm/devices/entropy_device.hpp"
#include "driver/vmm/devices/fw_cfg.hpp"
#include "driver/vmm/devices/hot_plug_slot.hpp"
#include "driver/vmm/devices/interface_device.hpp"
#include "driver/vmm/devices/keyboard_controller.hpp"
#include "driver/vmm/devices/lpc_bridge.hpp"
#include "driver/vmm/devices/panic_device.hpp"
#include "driver/vmm/devices/pm_timer.hpp"
#include "driver/vmm/devices/ports_on_pci.hpp"
#include "driver/vmm/devices/real_time_clock.hpp"
#include "driver/vmm/devices/serial_port.hpp"

namespace virtsev::vmm {

using DeviceOptions =
    std::variant<spec::Serial, RealTimeClockOptions, AcpiPowerOptions, KeyboardControllerOptions,
                 LpcBridgeOptions, PmTimerOptions, FwCfgOptions, OnPci<spec::Entropy>, OnPci<spec::Disk>,
                 OnPci<spec::Interface>, OnPci<spec::Ports>, OnPci<spec::Panic>, OnPci<spec::RootPort>>;

/// Throws Error where the machine has no place for it.
inline std::unique_ptr<Device> make_device(const DeviceOptions& device, const Surroundings& surroundings) {
  return std::visit([&](const auto& options) { return make_device(options, surroundings); }, device);
}

}  // namespace virtsev::vmm
