// SPDX-License-Identifier: LGPL-2.1-or-later
// The launch of a guest that QEMU starts through OVMF, as a plan: for its owner's prediction. virtsev starts
// no such guest itself yet.
#pragma once

#include <cstdint>
#include <optional>

#include "driver/spec/boot_specification.hpp"
#include "sevcore/base/bytes.hpp"
#include "sevcore/launch/launch_plan.hpp"

namespace virtsev::boot::ovmf {

/// Beside the boot specification, whose kernel may be without a descriptor here: the firmware then finds its
/// kernel on the guest's disk, and nothing of it is measured.
struct Firmware {
  spec::File image;
  std::optional<std::uint32_t> cpu_signature;  ///< EAX of CPUID leaf 1; SEV-ES needs it
  /// SHA-256 of the image that its owner knows to check a kernel's hashes: it has to be this one then, and
  /// is not looked into.
  std::optional<ByteArray<32>> known_digest = {};
};

/// QEMU's order (QEMU 7.2, hw/i386/pc_sysfw.c, target/i386/sev.c): the image, which ends at 4 GiB; with a
/// kernel, the table of its hashes, where the image wants it; for SEV-ES the vCPUs. Memory size and machine
/// are not measured. The plan borrows the image's descriptor. Throws Error naming what does not fit: an image
/// of an impossible size; another one than its owner knows; one whose table has no room for the hashes, or
/// that has no code to check them; one without a reset address for SEV-ES (an image without a table will do
/// where neither is needed); SEV-ES without a signature; initrd or command line without kernel.
sevcore::LaunchPlan compose(const spec::BootSpecification& specification, const Firmware& firmware);

}  // namespace virtsev::boot::ovmf
