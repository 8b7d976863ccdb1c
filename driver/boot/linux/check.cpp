// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/linux/check.hpp"

#include <algorithm>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/machine/memory_layout.hpp"

namespace virtsev::boot {

void check(const spec::Machine& machine) {
  if (machine.version != machine::Version::kQ35_1_0) {
    throw Error(ErrorCode::kConfigUnsupported,
                text("machine version {} is not known here; use '{}'",
                     static_cast<std::uint32_t>(machine.version), machine::kQ35_1_0));
  }
  if (machine.vcpus == 0 || machine.vcpus > machine::kLimits.vcpus) {
    throw Error(ErrorCode::kConfigUnsupported,
                text("<vcpu> of {} is not possible; machine '{}' has 1 to {}", machine.vcpus,
                     machine::kQ35_1_0, machine::kLimits.vcpus));
  }
  if (machine.memory_bytes < machine::kLimits.least_memory ||
      machine.memory_bytes > machine::kLimits.most_memory) {
    throw Error(
        ErrorCode::kConfigUnsupported,
        text("<memory> of {} MiB is not possible; machine '{}' has {} to {} MiB",
             machine.memory_bytes / layout::kMiB, machine::kQ35_1_0,
             machine::kLimits.least_memory / layout::kMiB, machine::kLimits.most_memory / layout::kMiB));
  }
  if (machine.memory_bytes % kPageSize != 0) {
    throw Error(ErrorCode::kConfigUnsupported,
                text("<memory> of {} bytes is not a multiple of 4096; round it up", machine.memory_bytes));
  }
}

void check_command_line(const spec::Payload& payload, const BzImage& kernel) {
  const std::string& line = payload.command_line;
  const std::size_t longest =
      std::min<std::size_t>(machine::kLimits.command_line - 1, kernel.command_line_max);
  if (line.size() > longest) {
    throw Error(ErrorCode::kConfigUnsupported,
                text("<cmdline> is {} bytes long; kernel '{}' takes at most {}", line.size(),
                     payload.kernel.path, longest));
  }
  if (line.find('\0') != std::string::npos) {
    throw Error(ErrorCode::kConfigUnsupported,
                text("<cmdline> contains a NUL character, where the kernel would stop reading; remove it"));
  }
}

}  // namespace virtsev::boot
