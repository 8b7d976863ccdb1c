// SPDX-License-Identifier: LGPL-2.1-or-later
// The version that the software firmware gives itself; guests' policies and measurements hold it.
#pragma once

#include "sevcore/abi/measurement.hpp"

namespace virtsev::sevcore {

inline constexpr FirmwareVersion kFirmwareVersion{1, 55, 24};

}  // namespace virtsev::sevcore
