// SPDX-License-Identifier: LGPL-2.1-or-later
// Which firmware starts a guest, and whether it can.
#pragma once

#include <string>
#include <vector>

#include "driver/spec-from-xml/virtsev/firmware_descriptors.hpp"
#include "driver/spec/machine.hpp"
#include "sevcore/launch/protection.hpp"

namespace virtsev::spec {

/// The image of the first descriptor by which a guest of this protection starts: no stable release of Debian
/// describes which of its images can do SEV-ES, so each is looked into. Where none of them does, the first by
/// name that lies beside them, or where packages of OVMF lie. Throws Error where there is none.
std::string choose_firmware(const sevcore::Protection& protection,
                            const std::vector<std::string>& directories = kFirmwareDirectories);

/// Throws Error where no guest of this protection starts by the image, naming those on this host that can.
void check_firmware(const File& image, const sevcore::Protection& protection,
                    const std::vector<std::string>& directories = kFirmwareDirectories);

}  // namespace virtsev::spec
