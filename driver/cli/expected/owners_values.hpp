// SPDX-License-Identifier: LGPL-2.1-or-later
// What an owner's options say of a guest that QEMU starts through firmware.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "driver/cli/expected/launch_options.hpp"
#include "driver/spec-from-xml/qemu/qemu_domain.hpp"

namespace virtsev::cli {

/// What is given in the place of what the XML has. Throws Error for a CPU model that is not known, and for a
/// digest or a number that can't be.
spec::OwnersValues owners_values(const LaunchOptions& options);

/// The guest of options only, without XML. Throws Error naming the option at fault.
spec::FirmwareGuest firmware_guest(const LaunchOptions& options);

/// What was given beside --firmware, or XML with firmware, and changes nothing: a remark for each.
std::vector<std::string> remarks_on_options(const LaunchOptions& options);

}  // namespace virtsev::cli
