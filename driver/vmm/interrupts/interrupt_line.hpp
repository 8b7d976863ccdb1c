// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>

namespace virtsev::vmm {

/// Sets the level of an interrupt line. Called with the device's lock held, only when the level changes.
using InterruptLine = std::function<void(bool level)>;

}  // namespace virtsev::vmm
