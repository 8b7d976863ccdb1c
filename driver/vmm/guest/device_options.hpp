// SPDX-License-Identifier: LGPL-2.1-or-later
// From a machine's description to what its devices are made from.
#pragma once

#include <vector>

#include "driver/spec/machine.hpp"
#include "driver/vmm/devices/device_table.hpp"

namespace virtsev::vmm {

DeviceOptions device_options(const spec::DeviceDescription& device);

/// What the definition asks for, and what every machine has.
std::vector<DeviceOptions> device_options(const spec::Machine& machine);

}  // namespace virtsev::vmm
