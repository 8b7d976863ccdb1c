// SPDX-License-Identifier: LGPL-2.1-or-later
// The firmware that a host's packages describe (QEMU, docs/interop/firmware.json).
#pragma once

#include <string>
#include <vector>

namespace virtsev::spec {

struct FirmwareDescriptor {
  std::string file;   ///< The descriptor's own path
  std::string image;  ///< An absolute path
};

/// Where libvirt looks for them; a file in an earlier one hides one of the same name in a later one.
inline const std::vector<std::string> kFirmwareDirectories = {"/etc/qemu/firmware",
                                                              "/usr/share/qemu/firmware"};

/// Those of UEFI for a q35 that need no system management mode and enforce no Secure Boot, in the order of
/// their names, as libvirt takes them. What can't be read, or is no descriptor, is left out.
std::vector<FirmwareDescriptor> read_firmware_descriptors(const std::vector<std::string>& directories);

}  // namespace virtsev::spec
