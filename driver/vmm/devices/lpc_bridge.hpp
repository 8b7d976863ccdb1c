// SPDX-License-Identifier: LGPL-2.1-or-later
// The LPC bridge of Intel's ICH9, by which OVMF knows a q35: registers that keep what is written to them, and
// nothing behind them. What firmware sets up by it (power management, its base) lies where firmware puts it.
#pragma once

#include <memory>

#include "driver/vmm/devices/device.hpp"

namespace virtsev::vmm {

struct LpcBridgeOptions {};
/// Function 0 of PCI device 31.
std::unique_ptr<Device> make_device(const LpcBridgeOptions& options, const Surroundings& surroundings);

}  // namespace virtsev::vmm
