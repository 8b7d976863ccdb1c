// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/boot/check.hpp"

#include <algorithm>

#include "driver/boot/memory_layout.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::boot {

void check(const spec::BootSpecification& specification) {
  if (specification.machine != spec::MachineVersion::kQ35_1_0) {
    throw Error(ErrorCode::kConfigUnsupported,
                text("machine version {} is not known here; use '{}'",
                     static_cast<std::uint32_t>(specification.machine), spec::kMachineQ35_1_0));
  }
  if (specification.vcpus == 0 || specification.vcpus > spec::kMaxVcpus) {
    throw Error(ErrorCode::kConfigUnsupported,
                text("<vcpu> of {} is not possible; machine '{}' has 1 to {}", specification.vcpus,
                     spec::kMachineQ35_1_0, spec::kMaxVcpus));
  }
  if (specification.memory_bytes < spec::kMinMemoryBytes ||
      specification.memory_bytes > spec::kMaxMemoryBytes) {
    throw Error(ErrorCode::kConfigUnsupported,
                text("<memory> of {} MiB is not possible; machine '{}' has {} to {} MiB",
                     specification.memory_bytes / layout::kMiB, spec::kMachineQ35_1_0,
                     spec::kMinMemoryBytes / layout::kMiB, spec::kMaxMemoryBytes / layout::kMiB));
  }
  if (specification.memory_bytes % kPageSize != 0) {
    throw Error(ErrorCode::kConfigUnsupported,
                text("<memory> of {} bytes is no multiple of 4096; round it up", specification.memory_bytes));
  }
}

void check_command_line(const spec::BootSpecification& specification, const BzImage& kernel) {
  const std::string& line = specification.command_line;
  const std::size_t longest = std::min<std::size_t>(spec::kMaxCommandLine - 1, kernel.command_line_max);
  if (line.size() > longest) {
    throw Error(ErrorCode::kConfigUnsupported,
                text("<cmdline> is {} bytes long; kernel '{}' takes at most {}", line.size(),
                     specification.kernel.path, longest));
  }
  if (line.find('\0') != std::string::npos) {
    throw Error(ErrorCode::kConfigUnsupported,
                text("<cmdline> contains a NUL character, where the kernel would stop reading; remove it"));
  }
}

}  // namespace virtsev::boot
