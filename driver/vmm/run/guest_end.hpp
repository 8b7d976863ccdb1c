// SPDX-License-Identifier: LGPL-2.1-or-later
// Why a guest goes on no longer.
#pragma once

#include <functional>
#include <string>

#include "driver/control/messages.hpp"

namespace virtsev::vmm {

/// What the monitor tells its peer at the end.
using GuestEnd = control::Ended;
/// May be called by several threads, and more than once: the first end counts.
using OnGuestEnd = std::function<void(GuestEnd)>;

}  // namespace virtsev::vmm
