// SPDX-License-Identifier: LGPL-2.1-or-later
// What this machine can start in simulation, but not on SEV hardware yet.
#pragma once

#include <optional>
#include <string>

#include "driver/spec/machine.hpp"

namespace virtsev::boot {

/// The reason, for the user, why such a guest can't be started on hardware; nothing where it can.
std::optional<std::string> reason_against_hardware(const spec::Machine& machine);

}  // namespace virtsev::boot
