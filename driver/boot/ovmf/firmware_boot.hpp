// SPDX-License-Identifier: LGPL-2.1-or-later
// The launch of a guest that starts through OVMF, as a plan: virtsev's own, and one that QEMU starts, to
// predict it. Both are measured alike.
#pragma once

#include "driver/spec/machine.hpp"
#include "sevcore/launch/launch_plan.hpp"

namespace virtsev::boot::ovmf {

/// QEMU's order (QEMU 7.2, hw/i386/pc_sysfw.c, target/i386/sev.c; for SEV-SNP QEMU 9.1, the same files): the
/// image, which ends at 4 GiB; with a kernel, the table of its hashes, where the image wants it; for SEV-SNP
/// the pages that the image names, that table among them; the vCPUs. Memory size and machine version are not
/// measured. Throws Error naming what does not fit: an image of an impossible size; another one than its
/// owner knows; one whose table has no room for the hashes; one without a reset address where registers are
/// measured (an image without a table will do where neither is needed), or without the pages for SEV-SNP;
/// measured registers without a CPU's signature. Whether anybody checks the hashes:
/// check_hashes_are_enforced().
sevcore::LaunchPlan compose_firmware_boot(const spec::Machine& machine, const spec::FirmwareBoot& boot);

/// A place for hashes says nothing of whether somebody looks at them. What its owner knows of the image
/// decides; else what is found in it. Throws Error naming an image that has no code to check them, or can't
/// be looked into. Nothing to do without a kernel.
void check_hashes_are_enforced(const spec::FirmwareBoot& boot);

}  // namespace virtsev::boot::ovmf
