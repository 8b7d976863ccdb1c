// SPDX-License-Identifier: LGPL-2.1-or-later
// What a machine's devices have moved, for whoever has the machine and knows no device.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "driver/vmm/devices/disk_statistics.hpp"
#include "driver/vmm/devices/interface_statistics.hpp"

namespace virtsev::vmm {

/// Each by its device's id.
struct DeviceFigures {
  std::vector<std::pair<std::string, DiskStatistics>> disks;
  std::vector<std::pair<std::string, InterfaceStatistics>> interfaces;
  std::vector<std::pair<std::string, bool>> ports;  ///< Whether the guest has each open
};

}  // namespace virtsev::vmm
