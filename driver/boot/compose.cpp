// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/compose.hpp"

#include "driver/boot/linux/direct_boot.hpp"
#include "driver/boot/ovmf/firmware_boot.hpp"

namespace virtsev::boot {

sevcore::LaunchPlan compose(const spec::Machine& machine) {
  if (const auto* firmware = std::get_if<spec::FirmwareBoot>(&machine.boot)) {
    return ovmf::compose_firmware_boot(machine, *firmware);
  }
  return compose_direct_boot(machine, std::get<spec::DirectBoot>(machine.boot).payload);
}

}  // namespace virtsev::boot
