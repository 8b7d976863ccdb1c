// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/hardware_limits.hpp"

#include "sevcore/base/text.hpp"

namespace virtsev::boot {

std::optional<std::string> reason_against_hardware(const spec::Machine& machine) {
  // Under SEV-ES a vCPU starts at its VMSA, not at the vector of a SIPI; Linux hands it its start through a
  // jump table (GHCB specification, 4.3), which nobody provides without firmware.
  if (std::holds_alternative<spec::DirectBoot>(machine.boot) && sevcore::encrypts_state(machine.protection) &&
      machine.vcpus > 1) {
    return text(
        "an SEV-ES guest with {} vCPUs that boots its kernel directly cannot start on SEV hardware yet: its "
        "other vCPUs "
        "would need an AP jump table. Use <vcpu>1</vcpu>, or SEV without SEV-ES (policy without bit 2)",
        machine.vcpus);
  }
  return std::nullopt;
}

}  // namespace virtsev::boot
