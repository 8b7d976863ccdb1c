// SPDX-License-Identifier: LGPL-2.1-or-later
// libvirt's domain XML of a guest that QEMU starts through firmware: what of it reaches the launch digest.
// All else is passed over, as it is not virtsev that has to run it.
#pragma once

#include "domain-xml/xml/document.hpp"
#include "driver/cli/launch/expected_launch.hpp"
#include "driver/cli/launch/launch_options.hpp"

namespace virtsev::cli {

/// True where the domain boots firmware, which virtsev starts no guest with.
bool boots_firmware(const xmlDoc& document);

/// As QEMU starts it, all but the plan: <loader>, <kernel>, <initrd>, <cmdline>, <vcpu>, <cpu><model>, the
/// policy, kernelHashes. Options that are given stand for what the XML has: the owner's own copies of the
/// files. Throws Error naming the element or option at fault: a kernel without kernelHashes='yes' among them,
/// which nothing would measure.
ExpectedLaunch from_qemu_domain(const xmlDoc& document, const LaunchOptions& options);

}  // namespace virtsev::cli
