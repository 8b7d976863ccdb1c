// SPDX-License-Identifier: LGPL-2.1-or-later
// What guests a firmware image can start.
#pragma once

#include <optional>
#include <string>

#include "driver/spec/machine.hpp"
#include "sevcore/launch/protection.hpp"

namespace virtsev::boot::ovmf {

/// Why no guest of this protection starts by the image; none: nothing that is seen from outside speaks
/// against it. SEV-ES needs a reset address in the image's table, and code that is 64-bit from the start: a
/// build of OVMF whose first code is 32-bit (Debian 12's OVMF_CODE_4M.fd) ends with a triple fault. With SEV
/// it comes to GRUB in simulation, and to no kernel: refused, too, until one is seen. Throws Error where the
/// file can't be read, or is no image by its size.
std::optional<std::string> reason_against(const spec::File& image, const sevcore::Protection& protection);

}  // namespace virtsev::boot::ovmf
