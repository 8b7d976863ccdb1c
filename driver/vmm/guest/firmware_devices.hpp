// SPDX-License-Identifier: LGPL-2.1-or-later
// What a machine has because firmware (OVMF) starts it, and what firmware reads of it.
#pragma once

#include <vector>

#include "driver/spec/machine.hpp"
#include "driver/vmm/devices/device_table.hpp"

namespace virtsev::vmm {

/// None for a machine that boots directly. Throws Error where the host's kernel, if there is one, can't be
/// read.
std::vector<DeviceOptions> firmware_devices(const spec::Machine& machine);

}  // namespace virtsev::vmm
